import { Embedding, type EmbeddingHead, type EmbeddingParts, embeddingDimension } from '@rag/embedding';
import {
  distillHead,
  embeddingParameters,
  eosTokenizer,
  headParameters,
  mrlHead,
} from '@rag/embedding/training';
import {
  type Adapter,
  architectures,
  type Checkpoint,
  type FileSource,
  initializeParameter,
  initializeParameters,
  OnnxFileError,
  parseEncoderConfig,
  type TrainableFile,
  type Weights,
  weightsOfCheckpoint,
} from '@rag/models';
import type { OpenOptions } from '@rag/runtime';
import { ConfigError } from '../config/config-error.js';
import type { CompleteEmbeddingConfig } from '../config/embedding-config.js';
import type { RunFiles } from '../run-files.js';
import { weightNames, withMade } from './initial-weights.js';
import {
  type ModelSettings,
  modelSettingNames,
  openModelSource,
  type StartingParts,
} from './model-source.js';
import { openModel } from './open-model.js';
import { openTrainedFile, type TrainedFile } from './trained-file.js';

/** What training of an embedding model starts from. */
export interface StartingEmbedding
  extends Omit<EmbeddingParts, 'weights'>,
    Pick<StartingParts, 'weights' | 'fresh' | 'base'> {
  /** The files of a checkpoint. */
  readonly source?: FileSource;
  /** The adapter that is trained on. */
  readonly continued?: Adapter;
  /** The model before anything is added to its head, ready to encode. */
  readonly model: Embedding;
  /** The ONNX file whose weights these are, where there is no checkpoint. */
  readonly file?: TrainableFile;
}

type Settings = ModelSettings & Pick<CompleteEmbeddingConfig, 'seed' | 'pooling'>;

/**
 * Opens a sentence-transformers directory, a bare encoder, or fresh weights; `say` hears what was chosen for it.
 * @throws what `openModelSource` and `Embedding.fromPretrained` throw, with the model's name
 */
export const openStartingEmbedding = (
  files: RunFiles,
  settings: Settings,
  options: OpenOptions & { say: (line: string) => void },
): Promise<StartingEmbedding> =>
  openModel(settings.modelNameOrPath, () => open(files, settings, options), {
    ...modelSettingNames,
    pooling: 'pooling',
  });

async function open(
  files: RunFiles,
  settings: Settings,
  { say, ...options }: OpenOptions & { say: (line: string) => void },
): Promise<StartingEmbedding> {
  const { seed, pooling } = settings;
  const source = await openModelSource(files, settings);
  const { base } = source;
  if (source.kind === 'config') {
    const config = parseEncoderConfig(source.json);
    if (pooling === undefined && architectures[config.model_type].stages !== undefined)
      throw new ConfigError(
        'pooling',
        'pooling',
        `expected how the token vectors of a decoder (${config.model_type}) become one, got none — say lasttoken, or mean`,
      );
    const head: EmbeddingHead = { pooling: [pooling ?? 'mean'], dense: [], normalize: false };
    const weights = initializeParameters(embeddingParameters(config, head), config, seed);
    const tokenizerFiles = eosTokenizer(source.tokenizerFiles, config);
    const parts = { config, head, tokenizerFiles, weights };
    return {
      ...parts,
      base,
      model: await Embedding.fromParts(parts, options),
      fresh: [...weights.keys()],
    };
  }
  const { checkpoint, whole, continued } = source;
  const { onnx } = checkpoint;
  const trained = onnx === undefined ? undefined : await openEncoderFile(checkpoint, onnx);
  const isBare = !(await checkpoint.source.list()).includes('modules.json');
  const model = await Embedding.fromCheckpoint(whole, {
    ...options,
    ...(isBare && pooling !== undefined && { pooling }),
  });
  try {
    const stated = model.head.pooling.join(', ');
    if (!isBare && pooling !== undefined && pooling !== stated)
      throw new ConfigError(
        'pooling',
        'pooling',
        `expected ${stated}, as the model’s modules.json states, got ${pooling} — say so, or leave it out`,
      );
    if (isBare && pooling === undefined)
      say('pooling: mean, since the checkpoint has no modules.json that says how its vectors are made');
    const { config, head, settings } = model;
    if (!trained) {
      const { parameters, weights, tokenizerFiles } = model.stored;
      const pooler = new Map<string, Float32Array>();
      for (const [name, read] of model.stored.pooler) pooler.set(name, await read());
      const start = continued && (await withoutAdapter(checkpoint, model));
      return {
        ...{ config, head, settings, tokenizerFiles, pooler, model, base, fresh: [] },
        weights: { parameters, ...(start ?? weights) },
        source: checkpoint.source,
        ...(continued && { continued }),
      };
    }
    if (head.dense.length > 0)
      throw new OnnxFileError(
        trained.file.path,
        `expected a model without Dense modules, got ${head.dense.length} beside the file — train from the safetensors checkpoint`,
      );
    if (head.pooling.length === 0)
      throw new OnnxFileError(
        trained.file.path,
        'expected a model that says how its vectors are made, got neither modules.json nor a pooling — set pooling',
      );
    const { tokenizerFiles } = checkpoint;
    return { config, head, settings, tokenizerFiles, pooler: new Map(), ...trained, model, base, fresh: [] };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The encoder's weights as they were before the adapter that is trained on, beside those of Dense modules. */
async function withoutAdapter(
  checkpoint: Checkpoint,
  { config, head, stored }: Embedding,
): Promise<Pick<Weights, 'read' | 'elements'>> {
  const inModules = new Set(headParameters(head).map(({ name }) => name));
  const wanted = stored.parameters.filter(({ name }) => !inModules.has(name));
  const encoder = await weightsOfCheckpoint(checkpoint, config, wanted, { newHead: false });
  const of = (name: string): Pick<Weights, 'read' | 'elements'> =>
    inModules.has(name) ? stored.weights : encoder;
  return {
    read: (name) => of(name).read(name),
    elements: (name) => (of(name).elements ?? of(name).read)(name),
  };
}

/** The token vectors of an encoder's file. */
function openEncoderFile({ source, config }: Checkpoint, onnx: string): Promise<TrainedFile> {
  const parsed = parseEncoderConfig(config);
  const names = ['last_hidden_state', 'token_embeddings'];
  return openTrainedFile(source, onnx, parsed, { names, rank: 3, width: parsed.hidden_size });
}

/** What the head must be able to do. */
export interface HeadDemand {
  /** Widths that are learned with Matryoshka; none without it. */
  readonly mrlDims: readonly number[];
  /** Width of a teacher's vectors. */
  readonly teacherWidth?: number;
}

/** The model with the head that training needs, and the widths that it can be cut to. */
export interface Student {
  readonly start: StartingEmbedding;
  readonly mrlDims: readonly number[];
}

/**
 * Appends what training needs: a Dense of the teacher's width, or one of the largest Matryoshka width. As in the
 * original, widths beyond a Dense that is there, or beyond the teacher, are left out; `say` hears which.
 * @throws ConfigError where no width is left
 */
export function studentOf(
  start: StartingEmbedding,
  { mrlDims, teacherWidth }: HeadDemand,
  seed: number,
  say: (line: string) => void,
): Student {
  const { config } = start;
  const fixed = start.head.dense.length > 0 ? embeddingDimension(config, start.head) : undefined;
  const most = teacherWidth ?? fixed ?? Number.POSITIVE_INFINITY;
  const dims = mrlDims.filter((dim) => dim <= most);
  const dropped = mrlDims.filter((dim) => dim > most);
  if (dropped.length > 0 && dims.length === 0)
    throw new ConfigError(
      'mrl_dims',
      'mrl_dims',
      `expected a width up to ${most}, that of the vectors, got ${mrlDims.join(', ')} — name smaller ones`,
    );
  if (dropped.length > 0) say(`mrl_dims: ${dropped.join(', ')} left out, the vectors have ${most} elements`);
  const head =
    teacherWidth !== undefined
      ? distillHead(config, start.head, teacherWidth)
      : dims.length > 0
        ? mrlHead(config, start.head, dims)
        : start.head;
  const fresh = [...start.fresh];
  const made = new Map<string, Float32Array>();
  const stored = weightNames(start.weights);
  // A file has the encoder's weights under names of its own.
  const inFile = new Set(
    (start.file ? embeddingParameters(config, { ...head, dense: [] }) : []).map(({ name }) => name),
  );
  for (const spec of embeddingParameters(config, head)) {
    if (stored.includes(spec.name) || inFile.has(spec.name)) continue;
    made.set(spec.name, initializeParameter(spec, config, seed));
    fresh.push(spec.name);
  }
  const weights = withMade(start.weights, made, embeddingParameters(config, head));
  return { start: { ...start, head, weights, fresh }, mrlDims: dims };
}
