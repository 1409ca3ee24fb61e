import {
  type EncoderConfig,
  encoderConfigToJson,
  longestSequence,
  type Pooler,
  parametersOf,
  poolerParameters,
  type TensorToWrite,
} from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { completeTokenizerFiles, type TokenizerTexts } from '@rag/text';
import { embeddingConfig } from './embedding-config.js';
import { embeddingFiles, headParameters } from './embedding-files.js';
import { embeddingGraph } from './embedding-graph.js';
import type { EmbeddingHead } from './embedding-head.js';
import { defaultSettings, type EmbeddingSettings } from './embedding-settings.js';

/** A model as it is saved: what it is made of, its weights read one by one. */
export interface EmbeddingToSave {
  readonly config: EncoderConfig;
  readonly head: EmbeddingHead;
  readonly settings?: EmbeddingSettings;
  readonly tokenizerFiles: TokenizerTexts;
  /** float32 elements of a parameter of `embeddingGraph`. */
  read(name: string): Promise<Float32Array>;
  /** The encoder's pooler, if it came with one. */
  readonly pooler?: Pooler;
}

/** The sentence-transformers directory of a model. */
export async function embeddingCheckpoint({
  config,
  head,
  settings = defaultSettings,
  tokenizerFiles,
  read,
  pooler = new Map(),
}: EmbeddingToSave): Promise<CheckpointToSave> {
  const modules = await embeddingFiles(config, head, settings, read);
  const dense = new Set(headParameters(head).map(({ name }) => name));
  const encoder = parametersOf(embeddingGraph(config, head)).filter(({ name }) => !dense.has(name));
  const carried = poolerParameters(config).filter(({ name }) => pooler.has(name));
  const use = { maxLength: longestSequence(config), tokenTypes: config.type_vocab_size > 1 };
  return {
    config: encoderConfigToJson(embeddingConfig(config)),
    files: { ...completeTokenizerFiles(tokenizerFiles, use), ...modules },
    tensors: [...encoder, ...carried].map(
      ({ name, shape }): TensorToWrite => ({ name, shape, data: pooler.get(name) ?? (() => read(name)) }),
    ),
  };
}
