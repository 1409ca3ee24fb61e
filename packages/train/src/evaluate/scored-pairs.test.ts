import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { readScoredPairs } from './scored-pairs.js';

const read = (...texts: string[]) => readScoredPairs(texts.map((text, i) => bytesSource(`f${i}`, text)));

test('STS rows and scored lists', async () => {
  const sts = '{"sentence1":"a","sentence2":"b","score":4.5,"split":"test"}\n';
  const list = '{"query":"q","prompt_for_query":"P ","pos":["x","y"],"scores":[0.5,"0.25"]}\n';
  expect(await read(sts, list)).toEqual([
    { first: 'a', second: 'b', score: 4.5 },
    { first: 'P q', second: 'x', score: 0.5 },
    { first: 'P q', second: 'y', score: 0.25 },
  ]);
});

test.each([
  ['{"sentence1":"a","score":1}', 'f0:1: expected "sentence2" to hold text, got nothing'],
  ['{"sentence1":" ","sentence2":"b","score":1}', 'f0:1: expected "sentence1" to hold text, got " "'],
  ['{"sentence1":"a","sentence2":"b","score":"1"}', 'f0:1: expected "score" to be a finite number, got "1"'],
  [
    '{"query":"q","pos":["p"]}',
    'f0:1: expected {sentence1, sentence2, score} or {query, pos, scores}, got a row of query, pos',
  ],
  ['3', 'f0:1: expected the row to be an object, got 3'],
  ['{"sentence1":"a","sentence2":"b","score":1}\n', 'f0: expected at least 3 pairs with scores, got 1'],
])('%s: %s', async (text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});
