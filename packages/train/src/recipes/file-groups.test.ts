import { bytesSource, contrastive, openDataset } from '@rag/data';
import { expect, test } from 'vitest';
import { fileGroups, notingFiles } from './file-groups.js';

const rows = (counts: Readonly<Record<string, number>>) => ({
  files: Object.entries(counts).flatMap(([file, count]) => new Array<string>(count).fill(file)),
  rows: new Map(Object.entries(counts)),
});
const none = { smallThreshold: 0, dropThreshold: 0 };

test('the file of each example is noted as rows are read', async () => {
  const { maker, noted } = notingFiles(contrastive({ negatives: 0 }));
  const text = (...positives: number[]) =>
    positives
      .map((count) => JSON.stringify({ query: 'q', pos: Array.from({ length: count }, (_, i) => `p${i}`) }))
      .join('\n');
  const dataset = await openDataset(
    [bytesSource('a.jsonl', text(2, 1)), bytesSource('b.jsonl', text(1))],
    maker,
  );
  expect(noted.files).toEqual(['a.jsonl', 'a.jsonl', 'a.jsonl', 'b.jsonl']);
  expect([...noted.rows]).toEqual([
    ['a.jsonl', 2],
    ['b.jsonl', 1],
  ]);
  await dataset.close();
});

test('each file is a group', () => {
  const { groups, notes } = fileGroups(rows({ 'a.jsonl': 2, 'x/b.jsonl': 1, 'c.jsonl': 1 }), none);
  expect([...groups]).toEqual([0, 0, 1, 2]);
  expect(notes).toEqual([]);
});

test('small files of a folder are taken together, and left out where they are too few together', () => {
  const given = rows({ 'x/a.jsonl': 5, 'x/b.jsonl': 1, 'x/c.jsonl': 2, 'y/d.jsonl': 1 });
  const merged = fileGroups(given, { smallThreshold: 3, dropThreshold: 0 });
  expect([...merged.groups]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 2]);
  expect(merged.notes).toEqual([
    'taken together: x/b.jsonl, x/c.jsonl, each of fewer rows than small_threshold 3',
  ]);
  const dropped = fileGroups(given, { smallThreshold: 3, dropThreshold: 2 });
  expect([...dropped.groups]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, -1]);
  expect(dropped.notes.at(-1)).toBe('left out y/d.jsonl: 1 rows together, fewer than drop_threshold 2');
  expect(() => fileGroups(rows({ a: 1 }), { smallThreshold: 5, dropThreshold: 5 })).toThrow(
    'drop_threshold: expected some files to learn from, got none with drop_threshold 5 — lower it, or small_threshold',
  );
});

test('a name that ends in no_in_batch_neg, of a file or its folder, keeps queries to their own passages', () => {
  const { groups, ownAlone } = fileGroups(
    rows({ 'a.jsonl': 1, 'b_no_in_batch_neg.jsonl': 1, 'sts_no_in_batch_neg/c.jsonl': 1 }),
    none,
  );
  expect(Array.from(groups, (group) => ownAlone(group))).toEqual([false, true, true]);
  const small = fileGroups(rows({ 'x/a.jsonl': 1, 'x/b_no_in_batch_neg.jsonl': 1 }), {
    smallThreshold: 9,
    dropThreshold: 0,
  });
  expect(Array.from(small.groups, (group) => small.ownAlone(group))).toEqual([false, true]);
});
