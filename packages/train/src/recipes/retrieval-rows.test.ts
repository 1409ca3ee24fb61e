import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { describeRows, readRetrievalRows } from './retrieval-rows.js';

const read = (...rows: object[]) =>
  readRetrievalRows([
    bytesSource('val.jsonl', new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'))),
  ]);

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
  await expect(read({ query: 'a', pos: ['x'] })).rejects.toThrow(
    'expected at least 2 queries with positives or 3 scored passages, got 1 and 0',
  );
});
