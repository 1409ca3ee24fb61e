import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loopback } from '@rag/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TrainControl, type TrainOptions, train } from '../node/train.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let tiny: TinyRun;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-ranks-'));
  tiny = await writeTinyRun(folder);
  await writeTinyEmbedding(tiny.model, at('tiny-embedding'));
  await writeTinyColbert(tiny.model, at('tiny-colbert'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Steps as SGD takes them: AdamW's are of the size of the rate where a gradient is nothing but rounding. 12 rows in batches of 8: the second has four, which three ranks do not share evenly. */
const shared = {
  threads: 1,
  batchSize: 8,
  epochs: 1,
  lr: 0.1,
  adamEpsilon: 1,
  logInterval: 1,
  numMaxCheckpoints: 1,
};

const tasks = {
  reranker: (): TrainOptions => ({
    ...{ ...shared, task: 'reranker', modelNameOrPath: tiny.model, initFromConfig: true },
    ...{ trainDataset: tiny.train, valDataset: tiny.val, outputDir: at('reranker') },
  }),
  embedding: (): TrainOptions => ({
    ...{ ...shared, task: 'embedding', modelNameOrPath: at('tiny-embedding'), allGather: true, negNums: 2 },
    ...{ trainDataset: tiny.train, valDataset: tiny.val, outputDir: at('embedding') },
  }),
  colbert: (): TrainOptions => ({
    ...{ ...shared, task: 'colbert', modelNameOrPath: at('tiny-colbert'), allGather: true, gradCache: false },
    ...{ trainDataset: tiny.train, outputDir: at('colbert') },
  }),
};

interface Watched {
  readonly said: string[];
  readonly losses: number[];
  readonly model: string;
}

async function watched(options: TrainOptions, control: TrainControl = {}): Promise<Watched> {
  const said: string[] = [];
  const losses: number[] = [];
  const listener = {
    say: (text: string) => void said.push(text),
    step: ({ loss = 0 }) => void losses.push(loss),
  };
  const { model } = await train(options, { ...control, listener, doctor: 'off' });
  return { said, losses, model };
}

const onRanks = (options: TrainOptions, count: number) =>
  Promise.all(
    loopback(count).map((collective) => watched({ ...options, batchSize: 8 / count }, { collective })),
  );

/** Weights and everything else of a model, as numbers: the file's float32. */
async function weightsOf(directory: string): Promise<Float32Array> {
  const bytes = await readFile(join(directory, 'model.safetensors'));
  const header = 8 + Number(bytes.readBigUInt64LE(0));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + header, bytes.byteOffset + bytes.length));
}

const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), a.length === b.length ? 0 : Infinity);

// Rerankers run under mpirun besides, in every run of the tests.
const chosen: (keyof typeof tasks)[] = process.env.RAG_LONG
  ? ['reranker', 'embedding', 'colbert']
  : ['embedding'];

/** Processes, and what they share out. */
const runs: readonly (readonly [count: number, zeroStage: number])[] = [
  [2, 1],
  ...(process.env.RAG_LONG ? [[4, 2] as const] : []),
];

describe.each(chosen)('rag train %s', (task) => {
  test('of several processes learns what one process learns of the same batches', async () => {
    const options = tasks[task]();
    const alone = await watched({ ...options, outputDir: `${options.outputDir}-alone` });
    for (const [count, zeroStage] of runs) {
      const outputDir = `${options.outputDir}-${count}`;
      const [first, ...others] = await onRanks({ ...options, outputDir, zeroStage }, count);
      expect(first!.losses.length).toBe(alone.losses.length);
      for (const [i, loss] of alone.losses.entries()) expect(first!.losses[i]).toBeCloseTo(loss, 4);
      expect(distance(await weightsOf(first!.model), await weightsOf(alone.model))).toBeLessThan(1e-5);
      expect(first!.said.join('\n')).toContain(`${count} processes by loopback, ${count} on this host`);
      expect(first!.said.filter((text) => /^before /m.test(text))[0]).toBe(
        alone.said.filter((text) => /^before /m.test(text))[0],
      );
      expect(first!.said).toContain(`final model: ${outputDir}/model`);
      for (const { said, losses } of others) expect([said, losses]).toEqual([[], []]);
    }
  });
});

test('a rank that is asked to stop stops all of them behind one update, and together they go on', async () => {
  const short = { batchSize: 2, lossType: 'group_softmax', trainGroupSize: 3 };
  const options = (name: string) => ({ ...tasks.reranker(), ...short, outputDir: at(name) });
  const run = (name: string, stopAt = Number.POSITIVE_INFINITY, more: Partial<TrainOptions> = {}) =>
    Promise.allSettled(
      loopback(2).map((collective) => {
        const control = new AbortController();
        let updates = 0;
        const step = () => {
          if (++updates === stopAt && collective.rank === 0) control.abort(new Error('asked to stop'));
        };
        return train({ ...options(name), ...more } as TrainOptions, {
          ...{ collective, signal: control.signal, doctor: 'off', listener: { say: () => {}, step } },
        });
      }),
    );
  const whole = await run('whole');
  expect(whole.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  const stopped = await run('stopped', 3);
  expect(stopped.map((outcome) => outcome.status === 'rejected' && String(outcome.reason))).toEqual([
    'Error: asked to stop',
    expect.stringContaining('another process of the run was asked to stop'),
  ]);
  const state = JSON.parse(
    await readFile(join(at('stopped'), 'runs/checkpoints/step_3/trainer_state.json'), 'utf8'),
  );
  expect(state.position.update).toBe(3);
  const alone = train({ ...options('stopped'), resumeFromCheckpoint: 'latest' } as TrainOptions, {
    ...{ doctor: 'off', listener: { say: () => {}, step: () => {} } },
  });
  await expect(alone).rejects.toThrow(/num_processes: .*2, got none/);
  const resumed = await run('stopped', undefined, { resumeFromCheckpoint: 'latest' });
  expect(resumed.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  const model = (name: string) => readFile(join(at(name), 'model/model.safetensors'));
  expect((await model('stopped')).equals(await model('whole'))).toBe(true);
});
