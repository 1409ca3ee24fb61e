import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { contrastive } from './contrastive.js';
import { openDataset } from './dataset.js';
import { pointwise } from './examples.js';
import { hitGroups } from './hit-groups.js';

const mixed = [
  '{"query": "a", "pos": ["a0", "a1"], "neg": ["a2"]}',
  '{"query": "b", "content": "b0", "score": "0.5"}',
  '{"query": "c", "hits": [{"content": "c0", "label": 1}, {"content": "c1", "label": 0}]}',
  '{"query": "d", "content": "天空", "label": 0.25}',
].join('\n');

test('examples are numbered through rows of every shape', async () => {
  const dataset = await openDataset([bytesSource('f', mixed)], pointwise(), { cacheBytes: 0 });
  expect(dataset.length).toBe(7);
  const examples = await Promise.all(Array.from({ length: 7 }, (_, i) => dataset.example(i, 0)));
  expect(examples.map(({ content, label, at }) => [content, label, at.line])).toEqual([
    ['a0', 1, 1],
    ['a1', 1, 1],
    ['a2', 0, 1],
    ['b0', 0.5, 2],
    ['c0', 1, 3],
    ['c1', 0, 3],
    ['天空', 0.25, 4],
  ]);
  expect(Array.from(dataset.lengths)).toEqual([2, 2, 2, 2, 2, 2, 3]);
  expect(dataset.summary).toMatchObject({ rows: 4, passages: 7, positives: 3 });
  expect(dataset.fingerprint).toMatch(/^[0-9a-f]{8}$/);
  for (const bad of [-1, 7, 0.5]) await expect(dataset.example(bad, 0)).rejects.toThrow(RangeError);
  await dataset.close();
});

test('rows that a maker leaves out are counted, other faults still stop the load', async () => {
  const hit = (labels: number[]) =>
    JSON.stringify({ query: 'q', hits: labels.map((label) => ({ content: 'c', label })) });
  const text = [hit([1, 1]), hit([1, 0, 0])].join('\n');
  const dataset = await openDataset([bytesSource('f', text)], hitGroups({ size: 2 }));
  expect(dataset.length).toBe(2);
  expect(dataset.summary.skipped).toEqual({ 'no-contrast': { count: 1, first: 'f:1' } });
  expect((await dataset.example(1, 0)).at.line).toBe(2);
  await expect(openDataset([bytesSource('f', `${text}\n{oops`)], hitGroups({ size: 2 }))).rejects.toThrow(
    /^f:3:2/,
  );
});

test('a maker that brings its reader takes other rows, and no options of reranker rows', async () => {
  const text = mixed.split('\n')[0]!;
  const dataset = await openDataset([bytesSource('f', text)], contrastive({ negatives: 1 }), {
    cacheBytes: 0,
  });
  expect(dataset.length).toBe(2);
  expect(await dataset.example(1, 0)).toEqual({
    at: { file: 'f', line: 1 },
    query: 'a',
    positive: 'a1',
    negatives: ['a2'],
  });
  // @ts-expect-error -- embedding rows have no label key
  await openDataset([bytesSource('f', text)], contrastive({ negatives: 1 }), { labelKey: 'score' });
  await expect(openDataset([bytesSource('f', mixed)], contrastive({ negatives: 1 }))).rejects.toThrow(
    'f:2: expected "pos" beside "query", got a reranker row with "content"',
  );
});
