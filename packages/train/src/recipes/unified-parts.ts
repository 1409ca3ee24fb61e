import { sparseParameters } from '@rag/colbert/training';
import { embeddingCheckpoint } from '@rag/embedding/training';
import {
  ConfigError as FileError,
  type FileSource,
  initializeParameter,
  readPytorchFile,
  readSafetensorsHeader,
  readTensor,
  safetensorsBytes,
  torchArchive,
} from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import type { TokenizerTexts } from '@rag/text';
import { ConfigError } from '../config/config-error.js';
import { withMade } from './initial-weights.js';
import type { StartingColbert } from './starting-colbert.js';

/** What gives terms their weights, as BGE-M3 has it, and the same as safetensors. */
const SPARSE_FILES = { safetensors: 'sparse_linear.safetensors', pytorch: 'sparse_linear.pt' } as const;

const PREFIX = 'sparse_linear.';

/**
 * A model with what unified fine-tuning trains besides: `sparse_linear`, the directory's own or fresh.
 * @throws ConfigError for a model of another layout than BGE-M3's, and for an ONNX file
 */
export async function withSparseLinear<Start extends StartingColbert>(
  start: Start,
  seed: number,
  say: (line: string) => void,
): Promise<Start> {
  const { config, settings, source, file, weights } = start;
  if (settings.layout !== 'rag-retrieval' || file)
    throw new ConfigError(
      'unified_finetuning',
      'unified_finetuning',
      `expected a checkpoint of BGE-M3's layout, or an encoder, for unified_finetuning, got ${file ? `the ONNX file ${file.path}` : `one of ${settings.layout}`} — start from another model`,
    );
  const specs = sparseParameters(config.hidden_size);
  const stored = source && (await readSparseLinear(source, config.hidden_size));
  if (!stored) say('sparse_linear: fresh, since the model has none');
  const made = new Map(
    specs.map((spec) => [spec.name, stored?.get(spec.name) ?? initializeParameter(spec, config, seed)]),
  );
  const known = 'parameters' in weights ? weights.parameters : [];
  return {
    ...start,
    weights: withMade(weights, made, [...known, ...specs]),
    fresh: stored ? start.fresh : [...start.fresh, ...made.keys()],
  };
}

/** @throws the errors of model files, and for tensors of other shapes */
async function readSparseLinear(
  source: FileSource,
  hidden: number,
): Promise<ReadonlyMap<string, Float32Array> | undefined> {
  const present = await source.list();
  const path = [SPARSE_FILES.safetensors, SPARSE_FILES.pytorch].find((name) => present.includes(name));
  if (path === undefined) return undefined;
  const tensors: ReadonlyMap<string, { shape: readonly number[]; read(): Promise<Float32Array> }> =
    path === SPARSE_FILES.pytorch
      ? await readPytorchFile(source, path)
      : new Map(
          [...(await readSafetensorsHeader(source, path)).tensors].map(([name, entry]) => [
            name,
            { shape: entry.shape, read: () => readTensor(source, entry) },
          ]),
        );
  const read = sparseParameters(hidden).map(async ({ name, shape }): Promise<[string, Float32Array]> => {
    const own = name.slice(PREFIX.length);
    const tensor = tensors.get(own);
    if (tensor?.shape.join() !== shape.join())
      throw new FileError(own, `a tensor [${shape}]`, tensor?.shape, 'fetch the file again', path);
    return [name, await tensor!.read()];
  });
  return new Map(await Promise.all(read));
}

/**
 * The checkpoint of a model with all three kinds of vectors, as BGE-M3 is published: ColBERT's files, sentence-transformers' modules for the
 * dense vector (first token, Normalize), and `sparse_linear`.
 */
export async function withUnifiedFiles(
  checkpoint: CheckpointToSave,
  {
    config,
    settings,
    tokenizerFiles,
  }: Pick<StartingColbert, 'config' | 'settings'> & { readonly tokenizerFiles: TokenizerTexts },
  read: (name: string) => Promise<Float32Array>,
): Promise<CheckpointToSave> {
  const { query_instruction } = settings;
  const { files } = await embeddingCheckpoint({
    config,
    tokenizerFiles,
    read,
    head: { pooling: ['cls'], dense: [], normalize: true },
    settings: {
      max_seq_length: Math.max(settings.query_length, settings.document_length),
      do_lower_case: false,
      prompts: query_instruction === undefined ? {} : { query: query_instruction },
      default_prompt_name: null,
      similarity_fn_name: null,
      truncate_dim: null,
      extra: { encoder: {}, model: {} },
    },
  });
  const linear = await Promise.all(
    sparseParameters(config.hidden_size).map(async ({ name, shape }) => ({
      name: name.slice(PREFIX.length),
      shape,
      data: await read(name),
    })),
  );
  return {
    ...checkpoint,
    files: {
      ...files,
      ...checkpoint.files,
      [SPARSE_FILES.safetensors]: await safetensorsBytes(linear),
      [SPARSE_FILES.pytorch]: torchArchive(linear),
    },
  };
}
