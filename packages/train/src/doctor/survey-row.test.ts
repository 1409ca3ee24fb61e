import { parseEmbeddingRecord, parseRecord } from '@rag/data';
import { expect, test } from 'vitest';
import { embeddingRow, rerankerRow } from './survey-row.js';

const at = { file: 'a.jsonl', line: 2 };

test.each([
  [
    { query: 'q', pos: ['a'], neg: ['b'], pos_scores: [2], neg_scores: [1] },
    'lists',
    [
      { text: 'a', side: 'positive', score: 2 },
      { text: 'b', side: 'negative', score: 1 },
    ],
  ],
  [{ query: 'q', pos: ['a'] }, 'lists', [{ text: 'a', side: 'positive' }]],
  [{ query: 'q', content: 'a', label: 3 }, 'labelled', [{ text: 'a', score: 3 }]],
  [{ query: 'q', hits: [{ content: 'a', label: 1 }] }, 'hits', [{ text: 'a', score: 1 }]],
])('reranker rows: %j', (row, shape, passages) => {
  expect(rerankerRow(parseRecord(row, at))).toEqual({ at, shape, query: 'q', passages });
});

test.each([
  [{ query: 'q', pos: ['a'] }, 'pair', 'q', [{ text: 'a', side: 'positive' }]],
  [
    { query: 'q', pos: ['a'], neg: ['b'], prompt_for_query: 'ask: ' },
    'triplet',
    'ask: q',
    [
      { text: 'a', side: 'positive' },
      { text: 'b', side: 'negative' },
    ],
  ],
  [{ query: 'q', pos: ['a'], scores: [0.5] }, 'scored', 'q', [{ text: 'a', score: 0.5 }]],
  [{ text: 't' }, 'text', 't', []],
])('retriever rows: %j', (row, shape, query, passages) => {
  expect(embeddingRow(parseEmbeddingRecord(row, at))).toEqual({ at, shape, query, passages });
});
