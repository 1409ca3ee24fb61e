import type { GroupExample, PointwiseExample } from '@rag/data';
import { type DropoutDraw, dropoutFeeds } from '@rag/models';
import { Tensor, tensorsOf } from '@rag/runtime';
import { type EncodedIds, packedTensors, packSequences, sizeLadder } from '@rag/text';
import type { PairEncoder } from '../pair-encoder.js';

/** The tensors of a batch, and how much work it is. */
export interface CollatedBatch {
  readonly batch: Record<string, Tensor>;
  /** Tokens that come from texts; the graph also sees a little filler. */
  readonly realTokens: number;
  readonly sequences: number;
}

export interface CollateOptions {
  readonly encoder: PairEncoder;
  /** `packed` (default) computes no padding; `padded` computes every cell, with the same scores. */
  readonly mode?: 'packed' | 'padded';
  /** Left out in evaluation. */
  readonly dropout?: DropoutDraw;
}

/** Examples of a batch with their numbers in the data set; `repeated` ones count nothing. */
export interface Examples<E> {
  readonly examples: readonly E[];
  readonly indices: ArrayLike<number>;
  /** How many at the end are there only to fill the batch of a rank. */
  readonly repeated?: number;
}

/** A group's passages are rows of the data for dropout, whatever the other groups of the batch: this many per group. */
const ROWS_PER_GROUP = 1024;

/** Query–passage pairs with a label each: `labels` and `row_weight` are [batch]. */
export function collatePointwise(
  { examples, indices, repeated = 0 }: Examples<PointwiseExample>,
  options: CollateOptions,
): CollatedBatch {
  const { encoder } = options;
  const rows = Array.from(indices);
  const encoded = examples.map(({ query, content }) => encoder.encode(query, content));
  const weights = examples.map((_, i) => (i < examples.length - repeated ? 1 : 0));
  return collate(encoded, rows, options, {
    labels: floats(
      examples.map(({ label }) => label),
      [examples.length],
    ),
    row_weight: floats(weights, [examples.length]),
  });
}

/**
 * Queries with several passages each: `group_index`, `labels`, `mask` and, where the examples have them,
 * `teacher_scores` are [groups, size], size being that of the largest group.
 */
export function collateGroups(
  { examples, indices, repeated = 0 }: Examples<GroupExample>,
  options: CollateOptions,
): CollatedBatch {
  const size = Math.max(...examples.map(({ contents }) => contents.length));
  const shape = [examples.length, size];
  const encoded: EncodedIds[] = [];
  const rows: number[] = [];
  const index = new BigInt64Array(examples.length * size);
  const labels = new Float32Array(examples.length * size);
  const mask = new Float32Array(examples.length * size);
  const teacher = new Float32Array(examples.length * size);
  for (const [g, { query, contents, labels: own, teacherScores }] of examples.entries()) {
    for (const [i, content] of contents.entries()) {
      const cell = g * size + i;
      index[cell] = BigInt(encoded.length);
      labels[cell] = own[i]!;
      mask[cell] = g < examples.length - repeated ? 1 : 0;
      teacher[cell] = teacherScores?.[i] ?? 0;
      encoded.push(options.encoder.encode(query, content));
      rows.push(indices[g]! * ROWS_PER_GROUP + i);
    }
  }
  const scored = examples.filter(({ teacherScores }) => teacherScores).length;
  if (scored > 0 && scored < examples.length)
    throw new TypeError(
      `collateGroups: expected teacher scores in all of ${examples.length} groups or in none, got ${scored} — score the others`,
    );
  return collate(encoded, rows, options, {
    group_index: new Tensor('int64', shape, index),
    labels: new Tensor('float32', shape, labels),
    mask: new Tensor('float32', shape, mask),
    ...(scored > 0 && {
      teacher_scores: new Tensor('float32', shape, teacher),
    }),
  });
}

const floats = (values: readonly number[], shape: readonly number[]): Tensor =>
  new Tensor('float32', shape, Float32Array.from(values));

function collate(
  encoded: readonly EncodedIds[],
  rows: readonly number[],
  { encoder, mode = 'packed', dropout }: CollateOptions,
  targets: Record<string, Tensor>,
): CollatedBatch {
  const packed = packSequences(encoded, {
    padId: encoder.padId,
    mode,
    ladder: sizeLadder({ maxSeq: encoder.maxLength }),
  });
  return {
    batch: {
      ...tensorsOf(packedTensors(packed)),
      ...targets,
      ...(dropout && tensorsOf(dropoutFeeds(dropout.inputs, { ...dropout, ...packed, rows }))),
    },
    realTokens: packed.realTokens,
    sequences: encoded.length,
  };
}
