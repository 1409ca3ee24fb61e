import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TrainOptions, train } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-resumed-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type RerankerRun = Partial<Extract<TrainOptions, { task: 'reranker' }>>;

/** A run of 6 updates; stopped after some of them where that is asked for. */
async function run(output: string, options: RerankerRun, stopAt?: number) {
  const control = new AbortController();
  const said: string[] = [];
  const trained = train(
    {
      ...{ task: 'reranker', modelNameOrPath: tiny.model, initFromConfig: true, trainDataset: tiny.val },
      ...{ outputDir: join(folder, output), threads: 1, epochs: 2, lr: 2e-3, logInterval: 2 },
      ...{ batchSize: 8, trainGroupSize: 3, maxLen: 32, ...options },
    },
    {
      ...{ doctor: 'off', signal: control.signal },
      listener: {
        say: (line) => said.push(line),
        step: ({ update }) => update === stopAt && control.abort(new Error('enough')),
      },
    },
  );
  if (stopAt !== undefined) await expect(trained).rejects.toThrow('enough');
  return { done: stopAt === undefined ? await trained : undefined, said };
}

const recordOf = async (output: string) =>
  JSON.parse(await readFile(join(folder, output, 'run.json'), 'utf8'));
const fileOf = async (output: string, name: string) =>
  (await readFile(join(folder, output, 'model', name))).toString('base64');

const adapters: [string, string, RerankerRun][] = [
  ['adapters', 'adapter_model.safetensors', { useLora: true, loraRank: 4, loraDropout: 0.1 }],
  ['merged', 'model.safetensors', { useLora: true, loraRank: 4, saveMergedLoraModel: true }],
];

test.each(process.env.RAG_LONG ? adapters : adapters.slice(0, 1))(
  '%s: what was interrupted goes on to the same bytes',
  async (name, file, options) => {
    // Adapters alone need a model that they are of.
    const start = join(folder, 'start', 'model');
    if (name === 'adapters') await run('start', { epochs: 1 });
    const from = { ...options, modelNameOrPath: start, initFromConfig: false };
    await run(`${name}-whole`, from);
    await run(name, from, 3);
    const [checkpoint] = await readdir(join(folder, name, 'runs', 'checkpoints'));
    const { said } = await run(name, { ...from, resumeFromCheckpoint: true });
    expect(said.join('\n')).toContain(`resumed from ${join(folder, name)}/runs/checkpoints/${checkpoint}`);
    expect(await fileOf(name, file)).toBe(await fileOf(`${name}-whole`, file));
  },
);

test('evaluations between, the best checkpoint and early stopping go on too', async () => {
  const options: RerankerRun = {
    ...{ valDataset: tiny.val, evalSteps: 2, saveOnEpochEnd: false, numMaxCheckpoints: 1, epochs: 4 },
    ...{ metricForBestModel: 'mrr@10', loadBestModelAtEnd: true },
    ...{ earlyStoppingPatience: 2, earlyStoppingThreshold: 1 },
  };
  const { said } = await run('best-whole', options);
  expect(said.join('\n')).toMatch(/stopped early after update 6: mrr@10 has not gained in 2 evaluations; /);
  for (const stop of process.env.RAG_LONG ? [3, 4] : [4]) {
    await run(`best-${stop}`, options, stop);
    await run(`best-${stop}`, { ...options, resumeFromCheckpoint: 'latest' });
    const [whole, resumed] = [await recordOf('best-whole'), await recordOf(`best-${stop}`)];
    expect(resumed.evaluation).toEqual(whole.evaluation);
    expect(resumed.evaluation.epochs.map(({ update }: { update?: number }) => update)).toEqual([2, 4, 6]);
    for (const key of ['best', 'stopped', 'updates', 'meanLoss'])
      expect(resumed.result[key]).toEqual(whole.result[key]);
    expect(resumed.history).toEqual(whole.history);
    expect(resumed.checkpoints).toContain(whole.result.best.name);
    expect(await fileOf(`best-${stop}`, 'model.safetensors')).toBe(
      await fileOf('best-whole', 'model.safetensors'),
    );
  }
});

test('other settings, other rows and nothing to choose by are errors that say what', async () => {
  await run('changed', {}, 2);
  const resume = { resumeFromCheckpoint: true };
  await expect(run('changed', { ...resume, lr: 1e-4 })).rejects.toThrow(
    'lr: expected the lr that the run began with, 0.002, got 0.0001',
  );
  await expect(run('changed', { ...resume, trainDataset: tiny.train })).rejects.toThrow(
    'train_dataset: expected the files that the run began with, got others (SHA-256 ',
  );
  const { said } = await run('changed', { ...resume, threads: 2 }, 3);
  expect(said.join('\n')).toContain('threads: 2 in the place of 1');
  await expect(run('none', { loadBestModelAtEnd: true })).rejects.toThrow(
    'val_dataset: expected rows to choose the best checkpoint by, got none',
  );
  await expect(run('odd', { valDataset: tiny.val, metricForBestModel: 'accuracy' })).rejects.toThrow(
    'expected a metric of val_dataset, mrr@10, ndcg@10, map, got accuracy',
  );
});
