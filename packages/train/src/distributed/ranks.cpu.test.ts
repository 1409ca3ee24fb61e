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

/** 12 rows in batches of 8: the second has four, which three ranks do not share evenly. */
const shared = { threads: 1, batchSize: 8, epochs: 1, lr: 1e-3, logInterval: 1, numMaxCheckpoints: 1 };

const tasks = {
  reranker: (): TrainOptions => ({
    ...{ ...shared, task: 'reranker', modelNameOrPath: tiny.model, initFromConfig: true },
    ...{ trainDataset: tiny.train, valDataset: tiny.val, outputDir: at('reranker') },
  }),
  embedding: (): TrainOptions => ({
    ...{ ...shared, task: 'embedding', modelNameOrPath: at('tiny-embedding'), allGather: true, negNums: 2 },
    ...{ trainDataset: tiny.train, outputDir: at('embedding') },
  }),
  colbert: (): TrainOptions => ({
    ...{ ...shared, task: 'colbert', modelNameOrPath: at('tiny-colbert'), allGather: true, negNums: 2 },
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

describe.each(Object.keys(tasks) as (keyof typeof tasks)[])('rag train %s', (task) => {
  test('of several processes learns what one process learns of the same batches', async () => {
    const options = tasks[task]();
    const alone = await watched({ ...options, outputDir: `${options.outputDir}-alone` });
    for (const [count, zeroStage] of [[2, 1]] as const) {
      const outputDir = `${options.outputDir}-${count}`;
      const [first, ...others] = await onRanks({ ...options, outputDir, zeroStage }, count);
      expect(first!.losses.length).toBe(alone.losses.length);
      for (const [i, loss] of alone.losses.entries()) expect(first!.losses[i]).toBeCloseTo(loss, 4);
      expect(distance(await weightsOf(first!.model), await weightsOf(alone.model))).toBeLessThan(1e-5);
      expect(first!.said.join('\n')).toContain(`${count} processes by loopback, ${count} on this host`);
      expect(first!.said).toContain(`final model: ${outputDir}/model`);
      for (const { said, losses } of others) expect([said, losses]).toEqual([[], []]);
    }
  });
});
