import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { describeRows, readRetrievalRows } from './retrieval-rows.js';

const readWith = (instruction: string | undefined, ...rows: object[]) =>
  readRetrievalRows(
    [bytesSource('val.jsonl', new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n')))],
    instruction,
  );
const read = (...rows: object[]) => readWith(undefined, ...rows);

test('an instruction stands before queries whose row has no prompt', async () => {
  const rows = await readWith(
    'Find: ',
    { query: 'a', pos: ['x'], neg: ['y'] },
    { query: 'b', prompt_for_query: 'Q: ', pos: ['z'] },
    { query: 'c', prompt_for_query: '', pos: ['w'], scores: [1] },
    { query: 'c', pos: ['v', 'u'], scores: [0, 0.5] },
  );
  expect(rows.queries).toEqual(['Find: a', 'Q: b', 'Find: c']);
});

test('every passage of the files is searched once, positives of one query together', async () => {
  const rows = await read(
    { query: 'a', pos: ['x'], neg: ['y', 'z'] },
    { query: 'b', prompt_for_query: 'find: ', pos: ['z'] },
    { query: 'a', pos: ['w'] },
  );
  expect(rows.queries).toEqual(['a', 'find: b']);
  expect(rows.passages).toEqual(['x', 'y', 'z', 'w']);
  expect(rows.qrels).toEqual(
    new Map([
      [
        '0',
        new Map([
          ['0', 1],
          ['3', 1],
        ]),
      ],
      ['1', new Map([['2', 1]])],
    ]),
  );
  expect(describeRows(rows)).toBe('2 queries over 4 passages');
});

test('scores judge similarities, not searches', async () => {
  const rows = await read(
    { query: 'a', pos: ['x', 'y'], scores: [0.9, 0.1] },
    { query: 'b', pos: ['x'], scores: [0.5] },
  );
  expect(rows.pairs).toEqual([
    { query: 0, passage: 0, score: 0.9 },
    { query: 0, passage: 1, score: 0.1 },
    { query: 1, passage: 0, score: 0.5 },
  ]);
  expect(rows.qrels.size).toBe(0);
  expect(describeRows(rows)).toBe('3 scored pairs');
});

test('texts alone and too few rows are refused', async () => {
  await expect(read({ query: 'a', pos: ['x'] }, { text: 'b' })).rejects.toThrow(
    'val.jsonl:2: expected {query, pos}',
  );
  const one = { query: 'a', pos: ['x'] };
  const scored = (...scores: number[]) => ({ query: 'b', pos: scores.map((_, i) => `p${i}`), scores });
  const refused = async (rows: object[], got: string) =>
    expect(read(...rows)).rejects.toThrow(
      `expected at least 2 queries with positives or none, and 3 scored passages of different scores or none, got ${got}`,
    );
  await refused([one], '1 queries and 0 passages of 0 different scores');
  await refused([one, scored(1, 2, 3)], '1 queries and 3 passages');
  await refused([one, { query: 'c', pos: ['y'] }, scored(1, 2)], '2 queries and 2 passages');
  await refused([scored(1, 1, 1)], '0 queries and 3 passages of 1 different scores');
});
