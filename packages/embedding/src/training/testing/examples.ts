import type { ContrastiveExample, ScoredExample, TextExample } from '@rag/data';
import type { EncoderConfig } from '@rag/models';
import type { EmbeddingHead } from '../../embedding-head.js';
import { tinyConfig, tinyTokenizer } from '../../testing/tiny.js';
import { textEncoder } from '../../text-encoder.js';

const words =
  'the a of in cat dog moon sun sat ran red blue why does what is bright night day 猫 月 亮 为 什 么 。 ? .'.split(
    ' ',
  );

/** Two layers with dropout everywhere. */
export const droppingConfig = (): EncoderConfig =>
  tinyConfig({ num_hidden_layers: 2, hidden_dropout_prob: 0.3, attention_probs_dropout_prob: 0.2 });

/** Mean pooling alone. */
export const bareHead: EmbeddingHead = { pooling: ['mean'], dense: [], normalize: true };

/** Queries of at most 12 tokens, passages of at most 16. */
export const queryEncoder = textEncoder(tinyTokenizer(), tinyConfig(), 12);
export const passageEncoder = textEncoder(tinyTokenizer(), tinyConfig(), 16);

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
