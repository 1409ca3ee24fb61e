import { expect, test } from 'vitest';
import { hitGroups } from './hit-groups.js';
import { parseRecord } from './record.js';

const at = { file: 'f', line: 1 };
const hits = (labels: number[]) =>
  parseRecord({ query: 'q', hits: labels.map((label, i) => ({ content: `h${i}`, label })) }, at);
const oneIn20 = hits([1, ...new Array<number>(19).fill(0)]);

function groupsOf(options: Parameters<typeof hitGroups>[0], record = oneIn20, epoch = 0, row = 0) {
  const maker = hitGroups(options);
  return maker.lengths(record, row).map((_, item) => maker.make(record, row, item, epoch));
}

test('every group keeps a positive, and over the epochs every hit is used', () => {
  const used = new Set<string>();
  for (let epoch = 0; epoch < 40; epoch++) {
    const groups = groupsOf({ size: 10, seed: 3 }, oneIn20, epoch);
    expect(groups).toHaveLength(2);
    for (const { contents, labels } of groups) {
      expect(contents).toHaveLength(10);
      expect(labels.filter((label) => label === 1)).toHaveLength(1);
      expect(labels[contents.indexOf('h0')]).toBe(1);
      for (const content of contents) used.add(content);
    }
  }
  expect(used.size).toBe(20);
});

test('every group keeps a hit below the top label as well', () => {
  const record = hits([2, 2, 2, 2, 2, 2, 2, 1]);
  for (let epoch = 0; epoch < 40; epoch++) {
    for (const { labels } of groupsOf({ size: 2 }, record, epoch)) expect([...labels].sort()).toEqual([1, 2]);
  }
});

test('graded labels stay with their hits', () => {
  const record = hits([-1, -2, -3, -4, -5, -6, -7]);
  const groups = groupsOf({ size: 3 }, record);
  expect(groups).toHaveLength(3);
  for (const { contents, labels } of groups) {
    expect(labels).toEqual(contents.map((name) => -1 - Number(name.slice(1))));
    expect(labels).toContain(-1);
  }
});

test('the draw is a function of seed, epoch and row', () => {
  const drawn = (seed: number, epoch: number, row: number) =>
    JSON.stringify(groupsOf({ size: 5, seed }, oneIn20, epoch, row));
  expect(drawn(1, 2, 3)).toBe(drawn(1, 2, 3));
  expect(new Set([drawn(1, 2, 3), drawn(2, 2, 3), drawn(1, 3, 3), drawn(1, 2, 4)]).size).toBe(4);
});

test('validation repeats epoch 0 and keeps rows that rank nothing', () => {
  expect(groupsOf({ size: 5, training: false }, oneIn20, 7)).toEqual(
    groupsOf({ size: 5, training: false }, oneIn20, 0),
  );
  expect(groupsOf({ size: 2, training: false }, hits([1, 1, 1]))).toHaveLength(2);
});

test('a row with fewer hits than a group repeats them', () => {
  const [group, ...others] = groupsOf({ size: 5 }, hits([1, 0]));
  expect(others).toEqual([]);
  expect(group!.contents).toHaveLength(5);
  expect(new Set(group!.contents)).toEqual(new Set(['h0', 'h1']));
});

test('lists serve with their scores or with 1 and 0', () => {
  const [group] = groupsOf(
    { size: 3 },
    parseRecord({ query: 'q', pos: ['a'], neg: ['b', 'c'], pos_scores: [0.7] }, at),
  );
  const pairs = group!.contents.map((content, i) => [content, group!.labels[i]]);
  expect(pairs.sort()).toEqual([
    ['a', 0.7],
    ['b', 0],
    ['c', 0],
  ]);
});

test('rows that rank nothing are left out of training by their own fault', () => {
  const maker = hitGroups({ size: 2 });
  expect(maker.leavesOut).toEqual(['no-contrast']);
  expect(() => maker.lengths(hits([1, 1, 1]), 0)).toThrow(expect.objectContaining({ fault: 'no-contrast' }));
  const single = parseRecord({ query: 'q', content: 'c', label: 1 }, at);
  expect(() => maker.lengths(single, 0)).toThrow(expect.objectContaining({ fault: 'unfit-shape' }));
});

test('compat drops one-valued groups and short rows and draws once for all epochs', () => {
  const options = { size: 10, compat: true };
  const groups = groupsOf(options);
  expect(groups).toHaveLength(1);
  expect(groups[0]!.contents).toContain('h0');
  expect(groupsOf(options, oneIn20, 5)).toEqual(groups);
  expect(hitGroups(options).leavesOut).toContain('short-row');
  expect(() => groupsOf(options, hits([1, 0, 0]))).toThrow(expect.objectContaining({ fault: 'short-row' }));
  // 12 hits in groups of 10: the second holds the last 2 and the first 8 of the shuffled row.
  const twelve = hits(Array.from({ length: 12 }, (_, i) => -i));
  const [first, second] = groupsOf(options, twelve).map(({ contents }) => contents);
  expect(second!.slice(2)).toEqual(first!.slice(0, 8));
});
