import { Embedding } from '@rag/embedding';
import { afterAll, expect, it } from 'vitest';
import { example, scoresUnder, tableLine } from './testing/run-example.js';

const query = '心脏为什么会跳';
const { output, run, remove } = example('train-embedding.ts', 424_243);
afterAll(remove);

it('runs from nothing to a saved model that searches', async () => {
  const stdout = await run('--share', '0.02', '--query', query);
  expect(stdout).toContain('40 held-out queries on other topics over 87 passages, seed 424243');
  for (const system of ['untrained', 'warmed up', 'fine-tuned', 'BM25'])
    expect(stdout).toMatch(tableLine(system));
  const scores = scoresUnder(query, stdout);
  expect(scores).toHaveLength(3);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(scores[0]).toBeLessThanOrEqual(1);
  const model = await Embedding.fromPretrained(`${output}/embedding/model`);
  expect(model.dimension).toBe(256);
  model.dispose();
});
