import {
  type EncoderConfig,
  modelWithWeights,
  OptionError,
  type Pooler,
  type Weights,
  weightsConfig,
} from '@rag/models';
import type { Graph } from '@rag/onnx';
import { createSession, type Provider, type Session, sessionOptions } from '@rag/runtime';
import { openTokenizer, type Tokenizer, type TokenizerTexts } from '@rag/text';
import { colbertGraph } from './colbert-graph.js';
import type { OpenOptions } from './colbert-options.js';
import { type ColbertSettings, dimensionOf } from './colbert-settings.js';
import type { DirectorySettings } from './directory-settings.js';
import { type MaxSim, openMaxSim } from './max-sim.js';
import { textEncoder } from './text-encoder.js';

/** What runs packed batches to `vectors` [tokens, dim]: a session over our graph, or an ONNX file of any tool. */
export type BatchRunner = Pick<Session, 'run' | 'dispose'>;

/** What a ColBERT model is opened from. */
export interface ColbertToOpen {
  readonly config: EncoderConfig;
  readonly settings: ColbertSettings;
  /** What the files that it came in say beside its settings; saved again. */
  readonly stated: DirectorySettings['stated'];
  readonly tokenizerFiles: TokenizerTexts;
  readonly weights: Weights;
  /** The encoder's pooler, if it came with one: saved again. */
  readonly pooler: Pooler;
}

/** And what it is then. */
export interface OpenedColbert extends ColbertToOpen {
  readonly tokenizer: Tokenizer;
  readonly graph: Graph;
  readonly runner: BatchRunner;
  readonly provider: Provider;
  readonly maxSim: MaxSim;
  readonly compat: boolean;
  /** The ONNX file that it is, if it is one. */
  readonly onnx?: string;
  /** Its output that has the vectors, and the projection's parameters that lie beside it. */
  readonly output?: string;
  readonly projection?: ReadonlyMap<string, Float32Array>;
}

/** @throws as `checkedTokenizer`; SessionError */
export async function openColbert(model: ColbertToOpen, opening: OpenOptions): Promise<OpenedColbert> {
  const { config, settings, weights } = model;
  const tokenizer = checkedTokenizer(model, opening);
  const options = sessionOptions(opening);
  const graph = colbertGraph(config, settings);
  const runner = await createSession(modelWithWeights(graph, weights.sources), {
    ...options,
    ...(weights.folder === undefined ? {} : { externalDataFolder: weights.folder }),
    config: weightsConfig(graph, weights.sources),
  });
  const maxSim = await openMaxSim(dimensionOf(settings), options).catch((error: unknown) => {
    runner.dispose();
    throw error;
  });
  const { provider } = runner;
  return { ...model, tokenizer, graph, runner, provider, maxSim, compat: opening.compat ?? false };
}

/**
 * The tokenizer of a model, once it is known to have what the settings ask of it.
 * @throws RangeError for `compat` with another layout, and for a tokenizer that does not fit the model
 */
export function checkedTokenizer(
  { config, settings, tokenizerFiles }: Pick<ColbertToOpen, 'config' | 'settings' | 'tokenizerFiles'>,
  { compat = false }: Pick<OpenOptions, 'compat'>,
): Tokenizer {
  if (compat && settings.layout !== 'rag-retrieval')
    throw new OptionError(
      'compat',
      `expected a model of RAG-Retrieval, whose padding scores, got one of ${settings.layout}`,
      'leave it out',
    );
  const tokenizer = openTokenizer(tokenizerFiles);
  if (tokenizer.vocabSize > config.vocab_size)
    throw new RangeError(
      `tokenizer: expected at most ${config.vocab_size} tokens ("vocab_size" of config.json), got ${tokenizer.vocabSize} — use the tokenizer that belongs to the model`,
    );
  // Markers and mask tokens that the tokenizer lacks are an error now, not at the first text.
  textEncoder(tokenizer, config, settings);
  return tokenizer;
}
