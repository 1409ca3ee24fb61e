import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { at } from '@rag/data';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TrainOptions, train } from '../node/train.js';
import { type MortalDisk, mortalDisk } from '../testing/mortal-disk.js';
import { readCheckpoints } from '../testing/read-checkpoints.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-killed-'));
  tiny = await writeTinyRun(folder);
  const path = join(tiny.model, 'config.json');
  const smaller = { num_hidden_layers: 1, hidden_size: 16, intermediate_size: 16 };
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...smaller }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const learned = async (output: string) =>
  (await readFile(join(output, 'model', 'model.safetensors'))).toString('base64');
const record = async (output: string) => JSON.parse(await readFile(join(output, 'run.json'), 'utf8'));

/** Updates of two batches, the last of an epoch of one; a checkpoint at every second, and at the end of epochs. */
const shared = () => ({
  ...{ modelNameOrPath: tiny.model, initFromConfig: true, trainDataset: tiny.val, threads: 1 },
  ...{ epochs: 2, gradientAccumulationSteps: 2, lr: 1e-3, logInterval: 2 },
  ...{ saveSteps: 2, numMaxCheckpoints: 2 },
});
const runs: Record<string, () => TrainOptions> = {
  reranker: () => ({ task: 'reranker', ...shared(), batchSize: 8, trainGroupSize: 3, maxLen: 32 }),
  embedding: () => ({
    ...{ task: 'embedding', ...shared(), batchSize: 2, queryMaxLen: 16, passageMaxLen: 24 },
    ...{ gradCache: true, chunkTokens: 64 },
  }),
  colbert: () => ({
    ...{ task: 'colbert', ...shared(), batchSize: 2, queryMaxLen: 16, passageMaxLen: 24 },
    ...{ gradCache: process.env.RAG_LONG !== undefined, chunkTokens: 64, colbertDim: 16 },
  }),
};

/** One process of a run: what it reported before it ended, and whether it reached its end. */
async function lifeOf(options: TrainOptions, outputDir: string) {
  const reported: string[] = [];
  const say = (line: string): void => {
    if (line.startsWith('checkpoint: ')) reported.push(line.slice('checkpoint: '.length));
  };
  const ended = await train(
    { ...options, outputDir, resumeFromCheckpoint: true },
    { doctor: 'off', listener: { say, step: () => {} } },
  ).then(
    () => true,
    (error: Error) => {
      for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
        if (cause.name === 'Crash') return false;
      throw error;
    },
  );
  return { ended, reported };
}

/** Kills of each task. */
const kills = process.env.RAG_LONG
  ? { reranker: 40, embedding: 40, colbert: 40 }
  : { reranker: 6, embedding: 2, colbert: 2 };

test.each(Object.entries(kills))(
  '%s, %i times: killed at any write and gone on with, a run ends in the bytes of the one that was not',
  async (task, most) => {
    const disk: MortalDisk = mortalDisk();
    try {
      const options = runs[task]!();
      const whole = join(folder, `${task}-whole`);
      expect((await lifeOf(options, whole)).ended).toBe(true);
      const { steps } = disk;
      const [weights, told] = [await learned(whole), await record(whole)];
      expect(told.history.length).toBeGreaterThan(2);
      const draw = at(7, 'kills', task.length);
      let output = '';
      for (let kills = 0; kills < most; ) {
        // After some kills a run may come to its end; the others are of the next.
        output = join(folder, `${task}-${kills}`);
        for (let ended = false; !ended; ) {
          disk.revive(kills < most ? draw.below(Math.ceil(steps / 3)) : undefined);
          const { ended: isOver, reported } = await lifeOf(options, output);
          disk.revive();
          if (!isOver) kills++;
          // It may have died after its last word.
          ended = isOver || (await readdir(output)).includes('run.json');
          // The dead hold no lock.
          await rm(join(output, 'run.lock'), { force: true });
          const readable = await readCheckpoints(output);
          if (reported.length > 0) expect(readable).toContain(reported.at(-1));
        }
        expect(await learned(output)).toBe(weights);
        const { history, result } = await record(output);
        expect(history).toEqual(told.history);
        expect(result).toMatchObject({ updates: told.result.updates, meanLoss: told.result.meanLoss });
        expect((await readdir(output)).sort()).toEqual(['model', 'run.json', 'runs']);
        expect((await readdir(join(output, 'runs', 'checkpoints'))).sort()).toEqual(
          (await readdir(join(whole, 'runs', 'checkpoints'))).sort(),
        );
      }
    } finally {
      disk.restore();
    }
  },
  600_000,
);

/** `rag train reranker` in a process of its own, which SIGKILL ends some time after its first checkpoint, unless it ends before. */
async function killedProcess(outputDir: string, milliseconds: number): Promise<boolean> {
  const { task, ...options } = runs.reranker!();
  const flags = Object.entries({ ...options, outputDir, resume: true }).flatMap(([key, value]) => [
    `--${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=@rag/source', '--import', 'tsx'],
      ...[fileURLToPath(new URL('../cli.ts', import.meta.url)), 'train', task, ...flags, '--force'],
    ],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (!told.includes('checkpoint: ') && `${told}${chunk}`.includes('checkpoint: '))
      setTimeout(() => child.kill('SIGKILL'), milliseconds);
    told += chunk;
  });
  const [code] = await once(child, 'close');
  expect([null, 0]).toContain(code);
  return code === null;
}

test('a process that SIGKILL ends is gone on with, whatever it was doing', async () => {
  const options = runs.reranker!();
  const whole = join(folder, 'whole');
  expect((await lifeOf(options, whole)).ended).toBe(true);
  const weights = await learned(whole);
  for (let kills = 0, round = 0; kills < (process.env.RAG_LONG ? 80 : 1); round++) {
    const output = join(folder, `killed-${round}`);
    do {
      if (await killedProcess(output, process.env.RAG_LONG ? Math.random() * 400 : 0)) kills++;
      expect((await readCheckpoints(output)).length).toBeGreaterThan(0);
    } while (process.env.RAG_LONG && !(await readdir(output)).includes('run.json'));
    // The dead process holds the lock.
    if (!(await readdir(output)).includes('run.json')) {
      expect(await readdir(output)).toContain('run.lock');
      expect((await lifeOf(options, output)).ended).toBe(true);
    }
    expect(await learned(output)).toBe(weights);
  }
}, 1_800_000);
