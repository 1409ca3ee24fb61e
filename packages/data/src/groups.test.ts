import { expect, test } from 'vitest';
import { positiveGroups } from './groups.js';
import { parseRecord } from './record.js';

const at = { file: 'f', line: 1 };
const lists = (pos: number, neg: number, more = {}) =>
  parseRecord(
    {
      query: 'q',
      pos: Array.from({ length: pos }, (_, i) => `p${i}`),
      neg: Array.from({ length: neg }, (_, i) => `n${i}`),
      ...more,
    },
    at,
  );

test('a group is one positive and size − 1 different negatives', () => {
  const maker = positiveGroups({ size: 4, seed: 1 });
  for (let epoch = 0; epoch < 50; epoch++) {
    const { contents, labels, teacherScores } = maker.make(lists(3, 10), 0, 0, epoch);
    expect(contents[0]).toMatch(/^p[0-2]$/);
    expect(contents.slice(1).every((content) => /^n\d$/.test(content))).toBe(true);
    expect(new Set(contents).size).toBe(4);
    expect(labels).toEqual([1, 0, 0, 0]);
    expect(teacherScores).toBeUndefined();
  }
  expect(maker.lengths(lists(3, 10), 0)).toHaveLength(1);
});

test('the draw is a function of seed, epoch and row, and every passage has its turn', () => {
  const drawn = (seed: number, epoch: number, row: number) =>
    positiveGroups({ size: 4, seed }).make(lists(3, 10), row, 0, epoch).contents.join();
  const epochs = (seed: number, row: number) =>
    Array.from({ length: 60 }, (_, epoch) => drawn(seed, epoch, row));
  expect(epochs(1, 5)).toEqual(epochs(1, 5));
  expect(epochs(1, 5)).not.toEqual(epochs(1, 6));
  expect(epochs(1, 5)).not.toEqual(epochs(2, 5));
  expect(new Set(epochs(1, 5).join().split(',')).size).toBe(13);
});

test('without training every epoch repeats the first and nothing is augmented', () => {
  const record = parseRecord({ query: 'q', pos: ['x'.repeat(200)], neg: ['a', 'b', 'c', 'd'] }, at);
  const maker = positiveGroups({ size: 3, training: false, shuffleRate: 1 });
  expect(maker.make(record, 0, 0, 9)).toEqual(maker.make(record, 0, 0, 0));
  expect(maker.make(record, 0, 0, 0).contents[0]).toBe('x'.repeat(200));
});

test('a short row repeats its negatives as evenly as it must', () => {
  const maker = positiveGroups({ size: 8 });
  for (let epoch = 0; epoch < 50; epoch++) {
    const negatives = maker.make(lists(1, 3), 0, 0, epoch).contents.slice(1);
    expect(negatives).toHaveLength(7);
    for (const name of ['n0', 'n1', 'n2']) {
      expect(negatives.filter((negative) => negative === name).length).toBeLessThanOrEqual(3);
    }
  }
});

test('only the positive is augmented', () => {
  const long = 'x'.repeat(200);
  const record = parseRecord({ query: 'q', pos: [long], neg: [long] }, at);
  const { contents } = positiveGroups({ size: 2, shuffleRate: 1 }).make(record, 0, 0, 0);
  expect(contents[0]).toContain(' ');
  expect(contents[1]).toBe(long);
});

test('teacher scores follow their passages, and are raw', () => {
  const scores = { pos_scores: [10, 11, 12], neg_scores: [-1, -2, -3, -4] };
  const maker = positiveGroups({ size: 4, teacher: true });
  for (let epoch = 0; epoch < 20; epoch++) {
    const { contents, teacherScores } = maker.make(lists(3, 4, scores), 0, 0, epoch);
    const expected = contents.map((name) => (name[0] === 'p' ? 10 + Number(name[1]) : -1 - Number(name[1])));
    expect(teacherScores).toEqual(expected);
  }
});

test('rows that cannot form a group are refused', () => {
  const refuse = (record: ReturnType<typeof parseRecord>, message: RegExp, options = {}) =>
    expect(() => positiveGroups({ size: 4, ...options }).lengths(record, 0)).toThrow(
      expect.objectContaining({ fault: 'unfit-shape', message: expect.stringMatching(message) }),
    );
  refuse(lists(1, 0), /"neg" to hold a passage, got none/);
  refuse(parseRecord({ query: 'q', content: 'c', label: 1 }, at), /got a "labelled" row/);
  refuse(lists(1, 1), /"pos_scores" and "neg_scores", got neither/, { teacher: true });
  refuse(lists(1, 1, { pos_scores: [1] }), /got one of them/, { teacher: true });
  expect(() => positiveGroups({ size: 1 })).toThrow('train_group_size: expected an integer from 2, got 1');
});
