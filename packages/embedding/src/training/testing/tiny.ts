import type { ContrastiveExample, ScoredExample, TextExample } from '@rag/data';
import { type EncoderConfig, initializeParameter, parseEncoderConfig } from '@rag/models';
import { Tokenizer, wordPieceTokenizerJson } from '@rag/text';
import type { EmbeddingHead } from '../../embedding-head.js';
import { textEncoder } from '../../text-encoder.js';

const words =
  'the a of in cat dog moon sun sat ran red blue why does what is bright night day 猫 月 亮 为 什 么 。 ? .'.split(
    ' ',
  );
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];

/** A BERT small enough to train in a test. */
export function tinyConfig(overrides: Record<string, unknown> = {}): EncoderConfig {
  return parseEncoderConfig({
    model_type: 'bert',
    architectures: ['BertModel'],
    vocab_size: vocabulary.length,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 32,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    max_position_embeddings: 64,
    type_vocab_size: 2,
    initializer_range: 0.2,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
    ...overrides,
  });
}

/** The same with dropout everywhere. */
export const droppingConfig = (): EncoderConfig =>
  tinyConfig({ hidden_dropout_prob: 0.3, attention_probs_dropout_prob: 0.2 });

export const tinyHead: EmbeddingHead = { pooling: ['mean'], dense: [], normalize: true };

const tokenizer = Tokenizer.fromFiles({
  tokenizerJson: wordPieceTokenizerJson(vocabulary, { lowercase: true }),
});
/** Queries of at most 12 tokens, passages of at most 16. */
export const queryEncoder = textEncoder(tokenizer, tinyConfig(), 12);
export const passageEncoder = textEncoder(tokenizer, tinyConfig(), 16);

/** Fresh parameters, as `compile` asks for them. */
export const tinyWeights =
  (config: EncoderConfig, seed = 7) =>
  (name: string, shape: readonly number[]): Float32Array =>
    initializeParameter({ name, shape }, config, seed);

/** A sentence of 1 to 20 seeded words. */
const text = (seed: number): string =>
  Array.from({ length: 1 + ((seed * 7) % 20) }, (_, i) => words[(seed * 31 + i * 17) % words.length]).join(
    ' ',
  );
const at = (line: number) => ({ file: 'tiny', line });

/** Queries with a positive and so many negatives. */
export const tinyContrastive = (count: number, negatives: number): ContrastiveExample[] =>
  Array.from({ length: count }, (_, i) => ({
    at: at(i + 1),
    query: text(i + 1),
    positive: text(i * 3 + 40),
    negatives: Array.from({ length: negatives }, (_, n) => text(i * 5 + n * 11 + 80)),
  }));

/** Queries with 2 to 4 scored passages. */
export const tinyScored = (count: number): ScoredExample[] =>
  Array.from({ length: count }, (_, i) => {
    const size = 2 + (i % 3);
    return {
      at: at(i + 1),
      query: text(i + 1),
      contents: Array.from({ length: size }, (_, n) => text(i * 3 + n * 7 + 40)),
      scores: Array.from({ length: size }, (_, n) => ((i * 5 + n * 3) % 7) / 7),
    };
  });

export const tinyTexts = (count: number): TextExample[] =>
  Array.from({ length: count }, (_, row) => ({ at: at(row + 1), text: text(row + 1), row }));

/** A teacher's vectors [rows × width]. */
export const tinyTeacher = (rows: number, width: number): Float32Array =>
  Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i * 1.3) + (i % 5) / 5);
