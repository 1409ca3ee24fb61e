import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reranker } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainOptions } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { watchedRun } from '../testing/watched-run.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-reranker-batches-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const watch = (name: string, options: Partial<TrainOptions<'reranker'>>) =>
  watchedRun<'reranker'>({
    task: 'reranker',
    modelNameOrPath: tiny.model,
    initFromConfig: true,
    trainDataset: tiny.train,
    lossType: 'group_softmax',
    trainGroupSize: 3,
    batchSize: 4,
    maxLen: 48,
    epochs: 1,
    lr: 1e-3,
    seed: 3,
    threads: 1,
    logInterval: 1,
    saveOnEpochEnd: false,
    outputDir: join(folder, name),
    ...options,
  });
async function scoresOf({ run }: Awaited<ReturnType<typeof watch>>): Promise<number[]> {
  const model = await Reranker.fromPretrained(run.model);
  const scores = await model.computeScore([
    ['月食为什么会发生？', '地球挡住了阳光'],
    ['why is the sky blue', 'a compiler turns text into code'],
  ]);
  model.dispose();
  return scores;
}

test('a batch that is computed in parts learns what the whole one does, dropout included', async () => {
  const whole = await watch('whole', {});
  // Two groups of three at once, then the other two.
  const parts = await watch('parts', { subBatchSize: 7 });
  expect(parts.steps).toHaveLength(whole.steps.length);
  for (const [i, { loss, gradientNorm }] of parts.steps.entries()) {
    expect(loss).toBeCloseTo(whole.steps[i]!.loss, 4);
    expect(gradientNorm / whole.steps[i]!.gradientNorm).toBeCloseTo(1, 3);
  }
  const [a, b] = [await scoresOf(whole), await scoresOf(parts)];
  for (const [i, score] of b.entries()) expect(score).toBeCloseTo(a[i]!, 3);
});

test('texts have lengths of their own, a short batch is left out, and of a file some rows are read', async () => {
  const { run, said, steps } = await watch('cut', {
    queryMaxLen: 8,
    passageMaxLen: 16,
    maxExampleNumPerDataset: 9,
    dataloaderDropLast: true,
  });
  expect(said.join('\n')).toContain('reranker.train.jsonl: 9 rows');
  expect([run.updates, steps.length]).toEqual([2, 2]);
  const whole = await watch('uncut', { maxLen: 24, maxExampleNumPerDataset: 9, dataloaderDropLast: true });
  // Queries of more than 8 + 16 / 4 tokens have lost their ends.
  expect(steps[0]!.tokens).toBeLessThanOrEqual(whole.steps[0]!.tokens);
});
