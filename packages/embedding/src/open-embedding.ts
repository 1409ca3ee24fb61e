import {
  type EncoderConfig,
  firstTokenRows,
  modelWithWeights,
  type ParameterSpec,
  type Pooler,
  parametersOf,
  type Weights,
  weightsConfig,
} from '@rag/models';
import type { Graph } from '@rag/onnx';
import { createSession, type OpenOptions, type Session, sessionOptions } from '@rag/runtime';
import { openTokenizer, type Tokenizer, type TokenizerTexts } from '@rag/text';
import { type EmbeddingHead, embeddingDimension } from './embedding-head.js';
import type { EmbeddingSettings } from './embedding-settings.js';
import { lowercaseTokenizer } from './lowercase-tokenizer.js';

/** What runs packed batches to `vectors` [batch, dim]: a session over our graph, or an ONNX file of any tool. */
export type BatchRunner = Pick<Session, 'run' | 'dispose'>;

/** What an embedding model is opened from. */
export interface EmbeddingToOpen {
  readonly config: EncoderConfig;
  readonly head: EmbeddingHead;
  readonly settings: EmbeddingSettings;
  readonly tokenizerFiles: TokenizerTexts;
  readonly weights: Weights;
  readonly pooler: Pooler;
}

/** And what it is then. */
export interface OpenedEmbedding extends EmbeddingToOpen {
  readonly tokenizer: Tokenizer;
  readonly runner: BatchRunner;
  /** Elements of a vector as the runner gives it. */
  readonly dimension: number;
  readonly parameters: readonly ParameterSpec[];
  /** The ONNX file that it is, if it is one. */
  readonly onnx?: string;
}

/** @throws RangeError for a tokenizer with more tokens than the model; SessionError */
export async function openEmbedding(
  model: EmbeddingToOpen & { readonly graph: Graph },
  options: OpenOptions,
): Promise<OpenedEmbedding> {
  const { config, head, graph, weights } = model;
  const tokenizer = openModelTokenizer(model);
  const served = firstTokenRows(graph);
  const runner = await createSession(modelWithWeights(served, weights.sources), {
    ...sessionOptions(options),
    ...(weights.folder === undefined ? {} : { externalDataFolder: weights.folder }),
    config: weightsConfig(served, weights.sources),
  });
  const dimension = embeddingDimension(config, head);
  return { ...model, tokenizer, runner, dimension, parameters: parametersOf(graph) };
}

/** What the tokenizer of a model is opened from. */
export const tokenizerTexts = ({
  settings,
  tokenizerFiles,
}: Pick<EmbeddingToOpen, 'settings' | 'tokenizerFiles'>): TokenizerTexts =>
  settings.do_lower_case ? lowercaseTokenizer(tokenizerFiles) : tokenizerFiles;

/** @throws RangeError for a tokenizer with more tokens than the model */
export function openModelTokenizer({
  config,
  settings,
  tokenizerFiles,
}: Pick<EmbeddingToOpen, 'config' | 'settings' | 'tokenizerFiles'>): Tokenizer {
  const tokenizer = openTokenizer(tokenizerTexts({ settings, tokenizerFiles }));
  if (tokenizer.vocabSize > config.vocab_size)
    throw new RangeError(
      `tokenizer: expected at most ${config.vocab_size} tokens ("vocab_size" of config.json), got ${tokenizer.vocabSize} — use the tokenizer that belongs to the model`,
    );
  return tokenizer;
}
