import type { ContrastiveExample, ScoredExample } from '@rag/data';
import type { Batch } from '@rag/runtime';
import { describe, expect, test } from 'vitest';
import { tinyConfig, tinySettings, tinyTokenizer } from '../testing/tiny.js';
import { textEncoder } from '../text-encoder.js';
import { type CollatedBatch, collateContrastive, collateScored } from './collate.js';

const encoder = textEncoder(tinyTokenizer(), tinyConfig(), tinySettings());
const at = { file: 'tiny', line: 1, row: 0 };
const tensor = ({ batch }: CollatedBatch, name: string) => (batch as Batch)[name]!;
const numbers = (collated: CollatedBatch, name: string) =>
  Array.from(tensor(collated, name).data as BigInt64Array | Float32Array, Number);
/** The token ids that rows name, special tokens and all. */
const idsAt = (collated: CollatedBatch, name: string) => {
  const ids = numbers(collated, 'input_ids');
  return numbers(collated, name).map((row) => ids[row]!);
};

describe('contrastive', () => {
  const examples: ContrastiveExample[] = [
    { at, query: 'cat', positive: 'the cat sat', negatives: ['a dog', 'moon'] },
    { at, query: 'the moon', positive: 'moon in night', negatives: ['red sun'] },
  ];
  const collated = collateContrastive({ examples, indices: [7, 3] }, { encoder });

  test('columns are each positive and its negatives; the target is the own positive', () => {
    const width = tensor(collated, 'candidate_index').shape[1]!;
    expect(tensor(collated, 'candidate_index').shape).toEqual([5, width]);
    const ids = idsAt(collated, 'candidate_index');
    const texts = ['the cat sat', 'a dog', 'moon', 'moon in night', 'red sun'];
    for (const [i, text] of texts.entries()) {
      const own = encoder.encodePassage(text).input_ids.slice(1);
      const filler = new Array<number>(width - own.length).fill(own[0]!);
      expect(ids.slice(i * width, (i + 1) * width)).toEqual([...own, ...filler]);
    }
    expect(numbers(collated, 'target')).toEqual([0, 3]);
    expect(tensor(collated, 'mask').shape).toEqual([2, 5]);
    expect(numbers(collated, 'row_weight')).toEqual([1, 1]);
    expect(collated.sequences).toBe(7);
  });

  test('each query’s tokens count for it alone, and add up to 1', () => {
    const [queries, tokens] = tensor(collated, 'query_weight').shape as [number, number];
    const weights = numbers(collated, 'query_weight');
    const ids = idsAt(collated, 'query_index');
    for (let q = 0; q < queries; q++) {
      const row = weights.slice(q * tokens, (q + 1) * tokens);
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      expect(ids.filter((_, i) => row[i]! > 0)).toEqual(
        encoder.encodeQuery(examples[q]!.query).input_ids.slice(1),
      );
    }
  });

  test('repeated examples weigh nothing', () => {
    const filled = collateContrastive({ examples, indices: [7, 3], repeated: 1 }, { encoder });
    expect(numbers(filled, 'row_weight')).toEqual([1, 0]);
    expect(numbers(filled, 'mask').slice(0, 5)).toEqual([1, 1, 1, 0, 0]);
  });

  test('pairs are compared with each other, among triplets too; those of one query are not', () => {
    const [cat, moon] = examples as [ContrastiveExample, ContrastiveExample];
    const pair = { ...moon, negatives: [] };
    const masks = (batch: ContrastiveExample[]) =>
      numbers(collateContrastive({ examples: batch, indices: [0, 1] }, { encoder }), 'mask');
    expect(masks([{ ...cat, negatives: [] }, pair])).toEqual([1, 1, 1, 1]);
    expect(masks([cat, pair])).toEqual([1, 1, 1, 0, 1, 1, 1, 1]);
    expect(masks([pair, { ...pair, positive: 'red sun' }])).toEqual([1, 0, 0, 1]);
  });

  test('an empty batch is an error', () => {
    expect(() => collateContrastive({ examples: [], indices: [] }, { encoder })).toThrow(/at least one text/);
  });
});

describe('scored lists', () => {
  const examples: ScoredExample[] = [
    { at, query: 'cat', contents: ['the cat sat', 'a dog', 'moon'], scores: [0.5, -1, 2] },
    { at, query: 'why does the moon', contents: ['red sun'], scores: [3] },
  ];

  test('are as wide as the longest; empty places are masked', () => {
    const collated = collateScored({ examples, indices: [0, 1] }, { encoder });
    expect(numbers(collated, 'mask')).toEqual([1, 1, 1, 1, 0, 0]);
    expect(numbers(collated, 'teacher_scores')).toEqual([0.5, -1, 2, 3, 0, 0]);
    const [queries, size, width] = tensor(collated, 'candidate_index').shape as [number, number, number];
    expect([queries, size]).toEqual([2, 3]);
    const sun = encoder.encodePassage('red sun').input_ids.slice(1);
    expect(idsAt(collated, 'candidate_index').slice(3 * width, 3 * width + sun.length)).toEqual(sun);
    expect(tensor(collated, 'query_weight').shape).toEqual(tensor(collated, 'query_index').shape);
    expect(collated.sequences).toBe(6);
  });

  test('of repeated examples are masked whole', () => {
    const collated = collateScored({ examples, indices: [0, 1], repeated: 1 }, { encoder });
    expect(numbers(collated, 'mask')).toEqual([1, 1, 1, 0, 0, 0]);
  });

  test('no lists are an error', () => {
    expect(() => collateScored({ examples: [], indices: [] }, { encoder })).toThrow(/at least one text/);
  });
});
