import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { contrastive } from './contrastive.js';
import { type Dataset, openDataset } from './dataset.js';
import { openFile } from './node/index.js';
import { scoredLists } from './scored-lists.js';
import { texts } from './texts.js';

const open = (name: string) =>
  openFile(fileURLToPath(new URL(`../../../example_data/${name}`, import.meta.url)));

async function closed<E>(opening: Promise<Dataset<E>>) {
  const dataset = await opening;
  const first = await dataset.example(0, 0);
  await dataset.close();
  return { first, examples: dataset.length, summary: dataset.summary };
}

test('pair.jsonl, triplet.jsonl and reranker.train.jsonl give contrastive examples, also read as one file', async () => {
  const names = ['pair.jsonl', 'triplet.jsonl', 'reranker.train.jsonl'];
  const counts = new Map<string, number>();
  for (const name of names) {
    const { examples, summary } = await closed(
      openDataset([await open(name)], contrastive({ negatives: 15 })),
    );
    expect(examples).toBe(summary.positives);
    expect(summary).toMatchObject({ skipped: {}, ignoredKeys: {}, bins: [] });
    expect(summary.withoutNegatives).toBeUndefined();
    counts.set(name, examples);
  }
  const together = openDataset(await Promise.all(names.map(open)), contrastive({ negatives: 15 }));
  const { examples, summary } = await closed(together);
  expect(examples).toBe([...counts.values()].reduce((a, b) => a + b));
  expect(summary.shapes).toEqual({ pair: 12, triplet: 170 });
  expect(summary.withoutNegatives).toMatchObject({
    count: 12,
    first: expect.stringMatching(/pair\.jsonl:1$/),
  });
});

test('pair-scores.jsonl and scores.jsonl give lists with a score for each passage', async () => {
  for (const name of ['pair-scores.jsonl', 'scores.jsonl']) {
    const { first, examples, summary } = await closed(openDataset([await open(name)], scoredLists()));
    expect(examples).toBe(10);
    expect(first.scores).toHaveLength(first.contents.length);
    expect(summary.bins.reduce((sum, { count }) => sum + count, 0)).toBe(summary.passages);
    expect(summary.ignoredKeys).toEqual({});
  }
});

test('texts.jsonl and texts.train.jsonl give texts, numbered on', async () => {
  const sources = [await open('texts.jsonl'), await open('texts.train.jsonl')];
  const { first, examples, summary } = await closed(openDataset(sources, texts()));
  expect(first.text).toMatch(/^(为这个问题查找答案：|Find passages that answer: )/);
  expect(examples).toBe(524);
  expect(summary).toMatchObject({ shapes: { text: 524 }, passages: 0, ignoredKeys: {} });
});
