import type { Batch, ChunkedBatch } from '@rag/runtime';
import { describe, expect, test } from 'vitest';
import { type CollatedBatch, collateContrastive, collateScored, collateTexts } from './collate.js';
import { passageEncoder, queryEncoder, tinyContrastive, tinyScored, tinyTexts } from './testing/examples.js';

const encoders = { queryEncoder, passageEncoder };
const indices = [4, 9, 2, 7];
const numbers = ({ batch }: CollatedBatch, name: string) =>
  Array.from((batch as Batch)[name]!.data as Float32Array, Number);
const shape = ({ batch }: CollatedBatch, name: string) => (batch as Batch)[name]!.shape;
const inputs = [{ name: 'dropout.0.rows', shape: ['tokens'] }];
const long = 'cat '.repeat(40);

describe('contrastive', () => {
  const examples = tinyContrastive(3, 2);

  test('queries come first, then each positive with its negatives, cut to their own lengths', () => {
    const [first, ...others] = examples;
    const cut = [{ ...first!, query: long, positive: long }, ...others];
    const collated = collateContrastive({ examples: cut, indices }, encoders);
    expect(numbers(collated, 'query_index')).toEqual([0, 1, 2]);
    expect(numbers(collated, 'candidate_index')).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(numbers(collated, 'target')).toEqual([0, 3, 6]);
    expect(shape(collated, 'mask')).toEqual([3, 9]);
    expect(numbers(collated, 'row_weight')).toEqual([1, 1, 1]);
    const lengths = numbers(collated, 'first_token').map((row, i, all) => (all[i + 1] ?? Number.NaN) - row);
    expect([lengths[0], lengths[3]]).toEqual([12, 16]);
    const encoded = cut.flatMap(({ positive, negatives }) =>
      [positive, ...negatives].map((text) => passageEncoder.encode(text).input_ids.length),
    );
    const queries = cut.map(({ query }) => queryEncoder.encode(query).input_ids.length);
    expect(collated.realTokens).toBe([...queries, ...encoded].reduce((a, b) => a + b));
    expect(collated.sequences).toBe(12);
  });

  test('chunks move the vectors, and the indices follow', () => {
    const whole = collateContrastive({ examples, indices }, encoders);
    const chunked = collateContrastive({ examples, indices }, { ...encoders, chunkTokens: 24 });
    const { chunks, head } = chunked.batch as ChunkedBatch;
    /** Token ids by the row of their vector. */
    const texts = (batches: Iterable<Batch>) =>
      [...batches].flatMap(({ input_ids, first_token, attention_mask }) => {
        const [, seq] = attention_mask!.shape as [number, number];
        return Array.from(first_token!.data as BigInt64Array, (row, b) => {
          const mask = (attention_mask!.data as Float32Array).slice(b * seq, (b + 1) * seq);
          const length = mask.reduce((sum, x) => sum + x, 0);
          return (input_ids!.data as BigInt64Array).slice(Number(row), Number(row) + length).join(' ');
        });
      });
    const [here, there] = [texts([whole.batch as Batch]), texts(chunks)];
    expect(there).not.toEqual(here);
    for (const name of ['query_index', 'candidate_index'] as const) {
      const moved = Array.from(head[name]!.data as BigInt64Array, Number);
      expect(moved.map((row) => there[row])).toEqual(numbers(whole, name).map((row) => here[row]));
    }
    expect([chunked.realTokens, chunked.sequences]).toEqual([whole.realTokens, whole.sequences]);
    expect(Object.keys(head)).toEqual(['query_index', 'candidate_index', 'target', 'mask', 'row_weight']);
  });

  test('repeated examples count nothing', () => {
    const collated = collateContrastive({ examples, indices, repeated: 2 }, encoders);
    expect(numbers(collated, 'row_weight')).toEqual([1, 0, 0]);
    expect(numbers(collated, 'mask').slice(0, 9)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  test('a text has the dropout of its place, whatever stands beside it', () => {
    const drawn = (chosen: number[]) => {
      const dropout = { seed: 1, update: 4, inputs };
      const part = {
        examples: chosen.map((i) => examples[i]!),
        indices: chosen.map((i) => indices[i]!),
      };
      const collated = collateContrastive(part, { ...encoders, dropout });
      const [starts, values] = [numbers(collated, 'first_token'), numbers(collated, 'dropout.0.rows')];
      const slots = part.examples[0]!.negatives.length + 1;
      const text = (i: number) => values.slice(starts[i]!, starts[i + 1] ?? collated.realTokens);
      return chosen.map((_, i) => [
        text(i),
        ...Array.from({ length: slots }, (_, slot) => text(chosen.length + i * slots + slot)),
      ]);
    };
    const [together, alone] = [drawn([0, 1, 2]), drawn([1])];
    expect(alone[0]).toEqual(together[1]);
    const slots = alone[0]!.map((values) => values[0]);
    expect(new Set(slots).size).toBe(slots.length);
  });
});

describe('scored', () => {
  const examples = tinyScored(3);

  test('lists are as wide as the longest; empty cells are masked', () => {
    const collated = collateScored({ examples, indices }, encoders);
    for (const name of ['content_index', 'teacher_scores', 'mask'])
      expect(shape(collated, name)).toEqual([3, 4]);
    expect(numbers(collated, 'query_index')).toEqual([0, 3, 7]);
    expect(numbers(collated, 'content_index')).toEqual([1, 2, 0, 0, 4, 5, 6, 0, 8, 9, 10, 11]);
    expect(numbers(collated, 'mask')).toEqual([1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1]);
    const scores = numbers(collated, 'teacher_scores');
    for (const [g, example] of examples.entries())
      for (const [i, score] of example.scores.entries()) expect(scores[g * 4 + i]).toBeCloseTo(score, 6);
    expect(collated.sequences).toBe(12);
  });

  test('repeated lists are masked whole', () => {
    const collated = collateScored({ examples, indices, repeated: 1 }, encoders);
    expect(numbers(collated, 'mask').slice(8)).toEqual([0, 0, 0, 0]);
  });
});

describe('texts', () => {
  const examples = tinyTexts(3);
  const teacher = { data: Float32Array.from({ length: 15 }, (_, i) => i), width: 5 };

  test("stand beside the teacher's vectors", () => {
    const collated = collateTexts({ examples, indices, repeated: 1 }, { encoder: passageEncoder, teacher });
    expect(numbers(collated, 'text_index')).toEqual([0, 1, 2]);
    expect(shape(collated, 'teacher')).toEqual([3, 5]);
    expect(numbers(collated, 'teacher')).toEqual(Array.from(teacher.data));
    expect(numbers(collated, 'row_weight')).toEqual([1, 1, 0]);
  });

  test('vectors of another number of texts are refused', () => {
    const other = { ...teacher, data: teacher.data.subarray(5) };
    expect(() => collateTexts({ examples, indices }, { encoder: passageEncoder, teacher: other })).toThrow(
      'collateTexts: expected teacher vectors [3, 5], got 10 numbers',
    );
  });
});

test('an empty batch is an error', () => {
  const empty = { examples: [], indices: [] };
  for (const options of [encoders, { ...encoders, chunkTokens: 8 }]) {
    expect(() => collateContrastive(empty, options)).toThrow(/at least one example/);
    expect(() => collateScored(empty, options)).toThrow(/at least one example/);
  }
});
