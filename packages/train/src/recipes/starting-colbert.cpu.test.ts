import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeFiles } from '../node/node-files.js';
import { type TrainOptions, train } from '../node/train.js';
import { writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import type { ColbertRun } from './colbert.js';
import { openStartingColbert } from './starting-colbert.js';

let folder: string;
let tiny: TinyRun;
const at = (...names: string[]) => join(folder, ...names);
const WEIGHTS = 'model.safetensors';
const STEPS = 5;
let fromCheckpoint: ColbertRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-train-colbert-'));
  tiny = await writeTinyRun(folder);
  const config = join(tiny.model, 'config.json');
  const withoutDropout = (await readFile(config, 'utf8')).replaceAll(/("\w+dropout_prob"):0\.1/g, '$1:0');
  await writeFile(config, withoutDropout);
  const start = { modelNameOrPath: tiny.model, initFromConfig: true, seed: 3, colbertDim: 16, compat: false };
  const { model } = await openStartingColbert(nodeFiles, start, { threads: 1 });
  await model.savePretrained(at('checkpoint'), { golden: true });
  await model.exportOnnx(at('checkpoint'));
  model.dispose();
  // A file of ours alone, and one of another exporter: the encoder, its projection beside it.
  await cp(at('checkpoint'), at('projected'), { recursive: true });
  await rm(at('projected', WEIGHTS));
  await writeTinyEmbedding(tiny.model, at('encoder'));
  await cp(at('checkpoint', WEIGHTS), at('encoder', WEIGHTS));
  await cp(at('projected'), at('beside'), { recursive: true });
  const encoder = await Embedding.fromPretrained(at('encoder'));
  await encoder.exportOnnx(at('beside'));
  encoder.dispose();
  const rows = (await readFile(tiny.train, 'utf8')).split('\n').slice(0, 4 * STEPS);
  await writeFile(at('rows.jsonl'), `${rows.join('\n')}\n`);
  fromCheckpoint = await run('checkpoint', at('checkpoint'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const said: string[] = [];
const run = (name: string, modelNameOrPath: string, options: Partial<TrainOptions<'colbert'>> = {}) =>
  train(
    {
      ...{ task: 'colbert', modelNameOrPath, trainDataset: at('rows.jsonl'), outputDir: at(`${name}-run`) },
      ...{ batchSize: 4, lr: 3e-3, threads: 1, logInterval: 1, epochs: 1, lossType: 'infonce' },
      ...{ queryMaxLen: 24, passageMaxLen: 32, ...options },
    } as TrainOptions<'colbert'>,
    { doctor: 'off', listener: { say: (text) => said.push(text), step: () => {} } },
  );

const pairs = [
  ['what is the moon', 'the moon is bright at night'],
  ['cat', 'the dog ran'],
] as const;
async function scoresOf(directory: string): Promise<number[]> {
  const model = await ColBERT.fromPretrained(directory, { verify: true });
  const scores = await model.computeScore(pairs);
  model.dispose();
  return scores;
}
/** The projection that other tools read beside the file. */
async function projectionOf(directory: string): Promise<Float32Array> {
  const bytes = await readFile(join(directory, 'colbert_linear.safetensors'));
  return new Float32Array(new Uint8Array(bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)))).buffer);
}
const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
};

test.each(['projected', 'beside'])(
  'a directory with an ONNX file alone (projection: %s) trains as its checkpoint does, and is saved as one that scores the same',
  async (name) => {
    said.length = 0;
    const before = await projectionOf(at(name));
    const fromFile = await run(name, at(name), { valDataset: tiny.val });
    expect(said.join('\n')).toContain(' weights; dropout: none in this file');
    const inChunks = await run(`${name}-chunks`, at(name), { gradCache: true, chunkTokens: 64 });
    const losses = [fromFile, fromCheckpoint, inChunks].map(({ history }) => history.map(({ loss }) => loss));
    expect(losses[0]!).toHaveLength(fromCheckpoint.history.length);
    expect(losses[0]!.length).toBeGreaterThanOrEqual(STEPS);
    expect(farthest(losses[0]!, losses[1]!)).toBeLessThan(1e-5);
    expect(farthest(losses[0]!, losses[2]!)).toBeLessThan(1e-4);
    expect(fromFile.evaluation).toBeDefined();

    expect(await readdir(fromFile.model)).not.toContain(WEIGHTS);
    expect(await readdir(join(fromFile.model, 'onnx'))).toEqual(['model.onnx']);
    const [ours, theirs, start] = await Promise.all(
      [fromFile.model, fromCheckpoint.model, at('checkpoint')].map(scoresOf),
    );
    expect(farthest(ours!, theirs!)).toBeLessThan(1e-3);
    expect(farthest(ours!, start!)).toBeGreaterThan(1e-2);
    // What lies beside the file is the trained projection too.
    const after = await projectionOf(fromFile.model);
    expect(farthest(after, await projectionOf(fromCheckpoint.model))).toBeLessThan(1e-3);
    expect(farthest(after, before)).toBeGreaterThan(1e-3);
    const settings = { modelNameOrPath: fromFile.model, initFromConfig: false, seed: 3, compat: false };
    const { model, isProjected } = await openStartingColbert(
      nodeFiles,
      { ...settings, colbertDim: undefined },
      { threads: 1 },
    );
    model.dispose();
    expect(isProjected).toBe(name === 'projected');
  },
);

test('what does not fit is refused, and what to do', async () => {
  await expect(run('refused', at('projected'), { exportOnnx: true })).rejects.toThrow(
    'export_onnx: expected it left out',
  );
  await expect(run('refused', at('projected'), { colbertDim: 8 })).rejects.toThrow(
    'colbert_dim: expected 16, the width of the vectors of onnx/model.onnx, got 8 — leave it out',
  );
  // The file has a bias, which the directory does not know of.
  await cp(at('projected'), at('alone'), { recursive: true });
  for (const name of ['colbert_linear.pt', 'colbert_linear.safetensors']) await rm(at('alone', name));
  await expect(run('refused', at('alone'))).rejects.toThrow(
    'onnx/model.onnx: expected no "linear.bias" beside the directory\'s projection (linear.weight), got one [16]',
  );
  await cp(at('beside'), at('none'), { recursive: true });
  for (const name of ['colbert_linear.pt', 'colbert_linear.safetensors']) await rm(at('none', name));
  await expect(run('refused', at('none'))).rejects.toThrow('and no projection in the directory');
});
