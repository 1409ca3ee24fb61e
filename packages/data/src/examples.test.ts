import { expect, test } from 'vitest';
import { pointwise, recordContents } from './examples.js';
import { parseRecord } from './record.js';

const at = { file: 'f', line: 1 };
const all = (row: unknown, options = {}, epoch = 0) => {
  const record = parseRecord(row, at);
  const maker = pointwise(options);
  return maker.lengths(record, 0).map((_, item) => maker.make(record, 0, item, epoch));
};
const pairs = (row: unknown) => all(row).map(({ content, label }) => [content, label]);

test('lists give every positive, then every negative', () => {
  expect(pairs({ query: 'q', pos: ['a', 'b'], neg: ['c', 'd'] })).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 0],
    ['d', 0],
  ]);
  expect(pairs({ query: 'q', neg: ['c'], pos: ['a'], neg_scores: [0.2], pos_scores: [0.9] })).toEqual([
    ['a', 0.9],
    ['c', 0.2],
  ]);
});

test('hits and single contents keep their order and labels', () => {
  const hits = [
    { content: 'a', label: 0 },
    { content: 'b', label: 3 },
  ];
  expect(pairs({ query: 'q', hits })).toEqual([
    ['a', 0],
    ['b', 3],
  ]);
  expect(all({ query: 'q', content: 'c', score: '0.5' })).toEqual([
    { at, query: 'q', content: 'c', label: 0.5 },
  ]);
});

test('lengths count query and passage', () => {
  const record = parseRecord({ query: 'abcd', pos: ['天空'], neg: ['abcdefgh', 'x'] }, at);
  expect(pointwise().lengths(record, 0)).toEqual([3, 3, 2]);
  expect(recordContents(record)).toEqual(['天空', 'abcdefgh', 'x']);
});

test('augmentation is drawn per passage and epoch from the seed', () => {
  const row = { query: 'q', pos: ['x'.repeat(120), 'y'.repeat(120)], neg: ['z'.repeat(120)] };
  const texts = (epoch: number, seed: number) =>
    all(row, { seed, shuffleRate: 0.5 }, epoch)
      .map(({ content }) => (content.includes(' ') ? '1' : '0'))
      .join('');
  const overEpochs = (seed: number) => Array.from({ length: 20 }, (_, epoch) => texts(epoch, seed));
  expect(overEpochs(1)).toEqual(overEpochs(1));
  expect(overEpochs(1)).not.toEqual(overEpochs(2));
  expect(new Set(overEpochs(1)).size).toBeGreaterThan(3);
});
