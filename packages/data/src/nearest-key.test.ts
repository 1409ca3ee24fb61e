import { expect, test } from 'vitest';
import { editDistance, nearestKey } from './nearest-key.js';

test.each([
  ['kitten', 'sitting', 3],
  ['lable', 'label', 1],
  ['', 'abc', 3],
  ['pos', 'pos', 0],
  ['ca', 'abc', 3],
])('editDistance(%s, %s) = %d', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

const known = ['query', 'pos', 'neg', 'pos_scores', 'neg_scores', 'content', 'label', 'hits'];

test.each([
  ['lable', 'label'],
  ['labels', 'label'],
  ['Label', 'label'],
  ['qurey', 'query'],
  ['positives', 'pos'],
  ['negs', 'neg'],
  ['scores', 'pos_scores'],
  ['pos_score', 'pos_scores'],
  ['negScores', 'neg_scores'],
  ['contents', 'content'],
])('%s is taken for %s', (key, meant) => {
  expect(nearestKey(key, known)).toBe(meant);
});

test.each([
  'id',
  'pos_id',
  'query_id',
  'labelSource',
  'source',
  'title',
  'prompt',
  'text',
  'x'.repeat(100_000),
])('%s is another key', (key) => {
  expect(nearestKey(key, known)).toBeUndefined();
});
