import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { rerankerPairs, retrieverPairs, retrieverTexts } from './export-eval-data.js';

const rows = (...values: object[]) => [
  bytesSource('rows.jsonl', values.map((value) => JSON.stringify(value)).join('\n')),
];

test('pairs of every shape of reranker rows', async () => {
  expect(await rerankerPairs(rows({ query: 'q', pos: ['a'], neg: ['b', 'c'] }))).toEqual([
    ['q', 'a'],
    ['q', 'b'],
    ['q', 'c'],
  ]);
  const hits = [{ content: 'd', label: 1 }];
  expect(await rerankerPairs(rows({ query: 'q', hits }))).toEqual([['q', 'd']]);
  expect(await rerankerPairs(rows({ query: 'q', content: 'e', label: 0 }))).toEqual([['q', 'e']]);
});

test('pairs and texts of retriever rows, queries with their prompts', async () => {
  const given = () =>
    rows(
      { query: 'q', prompt_for_query: 'ask: ', pos: ['a'], neg: ['b'] },
      { query: 'r', pos: ['a'] },
      { query: 's', pos: ['a', 'c'], scores: [1, 0] },
    );
  expect(await retrieverPairs(given())).toEqual([
    ['ask: q', 'a'],
    ['ask: q', 'b'],
    ['r', 'a'],
    ['s', 'a'],
    ['s', 'c'],
  ]);
  expect(await retrieverTexts(given())).toEqual(['ask: q', 'a', 'b', 'r', 's', 'c']);
  expect(await retrieverTexts(rows({ text: 'x' }, { text: 'x' }))).toEqual(['x']);
});
