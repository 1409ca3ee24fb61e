import type { GroupExample, PointwiseExample } from '@rag/data';
import { describe, expect, test } from 'vitest';
import { pairEncoder } from '../pair-encoder.js';
import { tinyConfig, tinyExamples, tinyTokenizer } from '../testing/tiny.js';
import { type CollatedBatch, collateGroups, collatePointwise } from './collate.js';

const encoder = pairEncoder(tinyTokenizer(), tinyConfig(), 32);
const at = { file: 'tiny', line: 1 };
const numbers = ({ batch }: CollatedBatch, name: string) =>
  Array.from(batch[name]!.data as Float32Array, Number);
const shape = ({ batch }: CollatedBatch, name: string) => batch[name]!.shape;
/** Places of dropout in a graph of 16 features and 2 heads. */
const inputs = [
  { name: 'dropout.0.rows', dtype: 'float32', shape: ['tokens'] },
  { name: 'dropout.0.columns', dtype: 'float32', shape: [16] },
  { name: 'dropout.1.rows', dtype: 'float32', shape: ['batch', 2, 'seq'] },
] as const;

describe('pointwise', () => {
  const examples: PointwiseExample[] = tinyExamples(3);

  test('labels and weights are one per pair, in their order', () => {
    const collated = collatePointwise({ examples, indices: [8, 1, 5] }, { encoder });
    expect(numbers(collated, 'labels')).toEqual([1, 0, 0]);
    expect(numbers(collated, 'row_weight')).toEqual([1, 1, 1]);
    expect(shape(collated, 'labels')).toEqual([3]);
    const encoded = examples.map(({ query, content }) => encoder.encode(query, content).input_ids);
    const ids = encoded.flat();
    expect(numbers(collated, 'input_ids').slice(0, ids.length)).toEqual(ids);
    expect(collated.realTokens).toBe(ids.length);
    expect(collated.sequences).toBe(3);
  });

  test('repeated examples at the end count nothing', () => {
    const collated = collatePointwise({ examples, indices: [0, 1, 2], repeated: 2 }, { encoder });
    expect(numbers(collated, 'row_weight')).toEqual([1, 0, 0]);
  });

  test('padded mode has a row per cell', () => {
    const collated = collatePointwise({ examples, indices: [0, 1, 2] }, { encoder, mode: 'padded' });
    const [batch, seq] = shape(collated, 'attention_mask') as [number, number];
    expect(shape(collated, 'input_ids')).toEqual([batch * seq + 1]);
    expect(collated.realTokens).toBeLessThan(batch * seq);
  });

  test('an empty batch is an error', () => {
    expect(() => collatePointwise({ examples: [], indices: [] }, { encoder })).toThrow(
      /at least one sequence/,
    );
  });
});

describe('groups', () => {
  const group = (contents: string[], labels: number[], teacherScores?: number[]): GroupExample => ({
    at,
    query: 'why is the moon bright',
    contents,
    labels,
    ...(teacherScores && { teacherScores }),
  });
  const ragged = [group(['cat', 'dog', 'sun'], [1, 0, 0]), group(['red', 'blue cat'], [0, 1])];

  test('are as wide as the largest; empty cells are masked', () => {
    const collated = collateGroups({ examples: ragged, indices: [0, 1] }, { encoder });
    for (const name of ['group_index', 'labels', 'mask']) expect(shape(collated, name)).toEqual([2, 3]);
    expect(numbers(collated, 'labels')).toEqual([1, 0, 0, 0, 1, 0]);
    expect(numbers(collated, 'mask')).toEqual([1, 1, 1, 1, 1, 0]);
    expect(numbers(collated, 'group_index')).toEqual([0, 1, 2, 3, 4, 0]);
    expect(collated.batch).not.toHaveProperty('teacher_scores');
    expect(collated.sequences).toBe(5);
  });

  test('repeated groups at the end are masked whole', () => {
    const collated = collateGroups({ examples: ragged, indices: [0, 1], repeated: 1 }, { encoder });
    expect(numbers(collated, 'mask')).toEqual([1, 1, 1, 0, 0, 0]);
  });

  test('teacher scores stand in all groups or in none', () => {
    const scored = [group(['cat', 'dog'], [1, 0], [4.5, -2]), group(['sun'], [1], [3])];
    const collated = collateGroups({ examples: scored, indices: [0, 1] }, { encoder });
    expect(numbers(collated, 'teacher_scores')).toEqual([4.5, -2, 3, 0]);
    expect(() =>
      collateGroups({ examples: [...scored, ragged[0]!], indices: [0, 1, 2] }, { encoder }),
    ).toThrow(
      'collateGroups: expected teacher scores in all of 3 groups or in none, got 2 — score the others',
    );
  });

  test('a passage has the same dropout whatever the groups beside it', () => {
    const dropout = { seed: 1, update: 4, inputs };
    const rowsOf = (examples: GroupExample[], indices: number[]) =>
      numbers(collateGroups({ examples, indices }, { encoder, dropout }), 'dropout.0.rows');
    const tokens = (text: string) => encoder.encode('why is the moon bright', text).input_ids.length;
    const alone = rowsOf([ragged[1]!], [1]).slice(0, tokens('red') + tokens('blue cat'));
    const first = tokens('cat') + tokens('dog') + tokens('sun');
    expect(rowsOf(ragged, [0, 1]).slice(first, first + alone.length)).toEqual(alone);
    expect(rowsOf([ragged[1]!], [2]).slice(0, alone.length)).not.toEqual(alone);
    const same = rowsOf([group(['cat', 'cat'], [1, 0])], [0]);
    expect(same.slice(0, tokens('cat'))).not.toEqual(same.slice(tokens('cat'), 2 * tokens('cat')));
  });
});

test('dropout fills exactly the inputs of its sites, and is left out in evaluation', () => {
  const examples = tinyExamples(2);
  const options = { encoder, dropout: { seed: 1, update: 0, inputs: [...inputs, ...inputsOfBatch] } };
  const { batch } = collatePointwise({ examples, indices: [0, 1] }, options);
  const sites = Object.keys(batch).filter((name) => name.startsWith('dropout.'));
  expect(sites).toEqual(inputs.map(({ name }) => name));
  const [seq, tokens] = [batch.attention_mask!.shape[1], batch.input_ids!.shape[0]];
  expect(sites.map((name) => batch[name]!.shape)).toEqual([[tokens], [16], [2, 2, seq]]);
  const evaluated = collatePointwise({ examples, indices: [0, 1] }, { encoder }).batch;
  expect(Object.keys(evaluated).filter((name) => name.startsWith('dropout.'))).toEqual([]);
});

const inputsOfBatch = [{ name: 'labels', dtype: 'float32', shape: ['batch'] }] as const;
