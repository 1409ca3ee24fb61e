import { ColBERT, type ColbertParts, type ColbertSettings } from '@rag/colbert';
import {
  type ColbertToSave,
  colbertParameters,
  linearProjection,
  projectionParameters,
  ragRetrievalSettings,
} from '@rag/colbert/training';
import {
  type Adapter,
  type Checkpoint,
  type FileSource,
  initializeParameters,
  longestSequence,
  OnnxFileError,
  parseEncoderConfig,
  type TrainableFile,
  weightsOfCheckpoint,
} from '@rag/models';
import type { OpenOptions } from '@rag/runtime';
import type { CompleteColbertConfig } from '../config/colbert-config.js';
import type { RunFiles } from '../run-files.js';
import { freshWeights, type StoredParameters } from './initial-weights.js';
import {
  type ModelSettings,
  modelSettingNames,
  openModelSource,
  type StartingParts,
} from './model-source.js';
import { openModel } from './open-model.js';
import { openTrainedFile } from './trained-file.js';

/** What training of a ColBERT model starts from. */
export interface StartingColbert
  extends Omit<ColbertParts, 'weights' | 'pooler'>,
    Pick<StartingParts, 'weights' | 'fresh' | 'base'> {
  readonly pooler?: NonNullable<ColbertToSave['pooler']>;
  /** The files of a checkpoint. */
  readonly source?: FileSource;
  /** The adapter that is trained on. */
  readonly continued?: Adapter;
  /** The same, ready to encode and score. */
  readonly model: ColBERT;
  /** The ONNX file whose weights these are, where there is no checkpoint, and whether it projects. */
  readonly file?: TrainableFile;
  readonly isProjected?: boolean;
}

type Settings = ModelSettings & Pick<CompleteColbertConfig, 'seed' | 'colbertDim' | 'compat'>;

/** RAG-Retrieval's width where neither settings nor model name one. */
const COLBERT_DIM = 768;

/**
 * Opens a ColBERT directory of any layout, a bare encoder (its projection is fresh then, of `colbert_dim`), or fresh
 * weights.
 * @throws what `openModelSource` and `ColBERT.fromPretrained` throw, with the model's name
 */
export const openStartingColbert = (
  files: RunFiles,
  settings: Settings,
  options: OpenOptions,
): Promise<StartingColbert> =>
  openModel(settings.modelNameOrPath, () => open(files, settings, options), {
    ...modelSettingNames,
    colbertDim: 'colbert_dim',
    compat: 'compat',
  });

async function open(files: RunFiles, settings: Settings, options: OpenOptions): Promise<StartingColbert> {
  const { seed, colbertDim, compat } = settings;
  const source = await openModelSource(files, settings);
  const { base } = source;
  if (source.kind === 'config') {
    const config = parseEncoderConfig(source.json);
    const layout: ColbertSettings = ragRetrievalSettings(
      linearProjection(config.hidden_size, colbertDim ?? COLBERT_DIM, true),
      longestSequence(config),
    );
    const parameters = colbertParameters(config, layout);
    const parts = { config, settings: layout, tokenizerFiles: source.tokenizerFiles };
    const model = await ColBERT.fromParts(
      { ...parts, weights: initializeParameters(parameters, config, seed) },
      { ...options, compat },
    );
    return {
      ...{ ...parts, base, model, fresh: parameters.map(({ name }) => name) },
      weights: freshWeights(parameters, config, seed),
    };
  }
  const { checkpoint, whole, continued } = source;
  const width = colbertDim === undefined ? { freshDim: COLBERT_DIM } : { colbertDim };
  const model = await ColBERT.fromCheckpoint(whole, { ...options, seed, compat, ...width });
  try {
    if (checkpoint.onnx !== undefined)
      return { ...(await fileParts(checkpoint, checkpoint.onnx, model)), model, base, fresh: [] };
    const { stored } = model;
    const before = continued && (await encoderWeights(checkpoint, stored));
    return {
      ...{ ...stored, model, base, fresh: model.initialized, source: checkpoint.source },
      ...(before && { weights: before, continued }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The weights as they were before the adapter that is trained on; the projection is none of its parts. */
async function encoderWeights(
  checkpoint: Checkpoint,
  { config, settings, weights }: ColBERT['stored'],
): Promise<StoredParameters> {
  const projection = new Set(projectionParameters(config, settings).map(({ name }) => name));
  const wanted = weights.parameters.filter(({ name }) => !projection.has(name));
  const encoder = await weightsOfCheckpoint(checkpoint, config, wanted, {});
  return {
    parameters: weights.parameters,
    read: (name) => (projection.has(name) ? weights : encoder).read(name),
  };
}

/**
 * The weights of a model's file, and of the projection beside it.
 * @throws OnnxFileError for a file whose projection is not among its weights as the directory has it: the directory that is saved has
 * both; for one that has weights of the projection's names that it does not project with
 */
async function fileParts({ source }: Checkpoint, onnx: string, model: ColBERT) {
  const { output, projection, ...parts } = model.fileParts!;
  const { config, settings } = parts;
  const isProjected = projection === undefined;
  const width = isProjected ? model.dimension : config.hidden_size;
  const { file, weights } = await openTrainedFile(source, onnx, config, { names: [output], rank: 3, width });
  const shapes = new Map(file.parameters.map(({ name, shape }) => [name, shape.join(', ')]));
  const described = (name: string) => (shapes.has(name) ? `one [${shapes.get(name)}]` : 'none');
  const layers = projectionParameters(config, settings);
  const names = new Set(layers.map(({ name }) => name));
  if (isProjected) {
    const odd = layers.find(({ name, shape }) => shapes.get(name) !== shape.join(', '));
    if (odd)
      throw new OnnxFileError(
        onnx,
        `expected the projection's "${odd.name}" [${odd.shape.join(', ')}] among the weights that "${output}" is made with, got ${described(odd.name)} — train from the safetensors checkpoint, or from a file whose output is last_hidden_state`,
      );
  }
  const prefixes = settings.projection.map(({ name }) => `${name}.`);
  const foreign = [...shapes.keys()].find(
    (name) => prefixes.some((prefix) => name.startsWith(prefix)) && !(isProjected && names.has(name)),
  );
  if (foreign !== undefined)
    throw new OnnxFileError(
      onnx,
      `expected no "${foreign}" beside the directory's projection (${[...names].join(', ')}), got ${described(foreign)} — train from the safetensors checkpoint`,
    );
  return { ...parts, file, isProjected, weights: new Map([...weights, ...(projection ?? [])]) };
}
