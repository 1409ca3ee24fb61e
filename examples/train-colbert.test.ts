import { ColBERT } from '@rag/colbert';
import { afterAll, expect, it } from 'vitest';
import { example, scoresUnder, tableLine } from './testing/run-example.js';

const query = '心脏为什么会跳';
const { output, run, remove } = example('train-colbert.ts', 424_244);
afterAll(remove);

it('runs from nothing to a saved model that searches', async () => {
  const stdout = await run('--share', '0.02', '--query', query);
  expect(stdout).toContain('40 held-out queries on other topics over 87 passages, seed 424244');
  for (const system of ['untrained', 'fine-tuned', 'BM25']) expect(stdout).toMatch(tableLine(system));
  const scores = scoresUnder(query, stdout);
  expect(scores).toHaveLength(3);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  const model = await ColBERT.fromPretrained(`${output}/colbert/model`);
  expect(model.dimension).toBe(64);
  model.dispose();
});
