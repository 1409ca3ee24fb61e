import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Embedding } from '@rag/embedding';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TrainOptions, train } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let tiny: TinyRun;
/** A model with an exported file, and the directory with that file alone. */
let [checkpoint, onnxOnly] = ['', ''];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-train-onnx-'));
  tiny = await writeTinyRun(folder);
  const config = join(tiny.model, 'config.json');
  const withoutDropout = (await readFile(config, 'utf8')).replaceAll(/("\w+dropout_prob"):0\.1/g, '$1:0');
  await writeFile(config, withoutDropout);
  const first = await run('first', tiny.model, { initFromConfig: true, epochs: 1 });
  checkpoint = join(folder, 'checkpoint');
  onnxOnly = join(folder, 'onnx-only');
  await cp(first.model, checkpoint, { recursive: true });
  const model = await CrossEncoder.fromPretrained(checkpoint);
  await model.exportOnnx(checkpoint);
  model.dispose();
  await cp(checkpoint, onnxOnly, { recursive: true });
  await rm(join(onnxOnly, 'model.safetensors'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const said: string[] = [];
const run = (name: string, modelNameOrPath: string, options: Partial<TrainOptions<'reranker'>> = {}) =>
  train(
    {
      ...{ task: 'reranker', modelNameOrPath, trainDataset: tiny.train, outputDir: join(folder, name) },
      ...{ batchSize: 4, lr: 3e-3, threads: 1, logInterval: 1, epochs: 2, lossType: 'group_softmax' },
      ...{ trainGroupSize: 4, ...options },
    } as TrainOptions<'reranker'>,
    { doctor: 'off', listener: { say: (text) => said.push(text), step: () => {} } },
  );

const pairs = [
  ['what is the moon', 'the moon is bright at night'],
  ['cat', 'the dog ran'],
] as const;
async function scoresOf(directory: string): Promise<number[]> {
  const model = await CrossEncoder.fromPretrained(directory, { verify: true });
  const scores = await model.computeScore(pairs);
  model.dispose();
  return scores;
}

test('a directory with an ONNX file alone trains as its checkpoint does, and is saved as one that scores the same', async () => {
  said.length = 0;
  const fromFile = await run('from-file', onnxOnly, { valDataset: tiny.val });
  expect(said.join('\n')).toContain('onnx/model.onnx: ');
  expect(said.join('\n')).toContain(' weights; dropout: none in this file');
  const fromCheckpoint = await run('from-checkpoint', checkpoint, { valDataset: tiny.val });
  const losses = [fromFile, fromCheckpoint].map(({ history }) => history.map(({ loss }) => loss));
  expect(losses[0]!.length).toBeGreaterThan(4);
  for (const [i, loss] of losses[0]!.entries()) expect(Math.abs(loss - losses[1]![i]!)).toBeLessThan(1e-5);
  expect(fromFile.evaluation).toBeDefined();

  expect(await readdir(fromFile.model)).not.toContain('model.safetensors');
  expect(await readdir(join(fromFile.model, 'onnx'))).toEqual(['model.onnx']);
  const [ours, theirs, before] = await Promise.all(
    [fromFile.model, fromCheckpoint.model, checkpoint].map(scoresOf),
  );
  for (const [i, score] of ours!.entries()) {
    expect(Math.abs(score - theirs![i]!)).toBeLessThan(1e-4);
    expect(Math.abs(score - before![i]!)).toBeGreaterThan(1e-3);
  }
  expect(await readdir(fromFile.checkpoints.at(-1)!)).toContain('trainer_state.json');
});

test('a run that trains on from what such a run saved', async () => {
  const again = await run('again', join(folder, 'from-file', 'model'), { epochs: 1 });
  expect(await readdir(join(again.model, 'onnx'))).toEqual(['model.onnx']);
});

test('a quantised file says what is in the way before anything is trained; export_onnx beside a file is refused', async () => {
  const quantized = join(folder, 'quantized');
  await cp(checkpoint, quantized, { recursive: true });
  const model = await CrossEncoder.fromPretrained(checkpoint);
  const many = Array.from({ length: 4 }, (_, i) => [`moon ${i}`, `the sun ${i}`] as const);
  await model.exportNarrow(quantized, many, { dtype: 'q8', leastSpearman: -1 });
  model.dispose();
  for (const name of ['model.safetensors', 'onnx/model.onnx']) await rm(join(quantized, name));
  await expect(run('refused', quantized)).rejects.toThrow(
    /onnx\/model_quantized\.onnx: expected ops that have a gradient rule, got DynamicQuantizeLinear \(\d+ nodes, first "[^"]+"\), MatMulInteger \(\d+ nodes, first "[^"]+"\).* — train from the fp32 file or the safetensors checkpoint/,
  );
  await rename(join(quantized, 'onnx/model_quantized.onnx'), join(quantized, 'onnx/model.onnx'));
  await expect(run('refused', quantized)).rejects.toThrow(
    'onnx/model.onnx: expected ops that have a gradient rule',
  );
  await expect(run('refused', onnxOnly, { exportOnnx: true })).rejects.toThrow(
    'export_onnx: expected it left out',
  );
});

test('an embedding model trains from its file too, in chunks as well, and keeps its pooling', async () => {
  const embed = (name: string, modelNameOrPath: string, options: Partial<TrainOptions<'embedding'>> = {}) =>
    train(
      {
        ...{ task: 'embedding', modelNameOrPath, trainDataset: tiny.train, outputDir: join(folder, name) },
        ...{ batchSize: 4, lr: 3e-3, threads: 1, logInterval: 1, epochs: 2, lossType: 'infonce' },
        ...{ queryMaxLen: 24, passageMaxLen: 32, ...options },
      } as TrainOptions<'embedding'>,
      { doctor: 'off', listener: { say: (text) => said.push(text), step: () => {} } },
    );
  const options = { initFromConfig: true, epochs: 1, pooling: 'cls' } as const;
  const first = (await embed('first-embedding', tiny.model, options)).model;
  const model = await Embedding.fromPretrained(first);
  await model.exportOnnx(first);
  model.dispose();
  const alone = join(folder, 'embedding-onnx');
  await cp(first, alone, { recursive: true });
  await rm(join(alone, 'model.safetensors'));

  const runs = [
    await embed('embedding-from-file', alone),
    await embed('embedding-from-checkpoint', first),
    await embed('embedding-in-chunks', alone, { gradCache: true, chunkTokens: 64 }),
  ];
  const [file, checkpoint, chunks] = runs.map(({ history }) => history.map(({ loss }) => loss));
  expect(file!.length).toBeGreaterThan(4);
  for (const [i, loss] of file!.entries()) {
    expect(Math.abs(loss - checkpoint![i]!)).toBeLessThan(1e-4);
    expect(Math.abs(loss - chunks![i]!)).toBeLessThan(1e-4);
  }
  const vectors = [];
  for (const { model: path } of runs) {
    const opened = await Embedding.fromPretrained(path, { verify: true });
    vectors.push(...(await opened.encode(['what is the moon'])));
    opened.dispose();
  }
  expect(await readdir(runs[0]!.model)).toContain('modules.json');
  expect(await readdir(runs[0]!.model)).not.toContain('model.safetensors');
  for (const [i, value] of vectors[0]!.entries()) {
    expect(Math.abs(value - vectors[1]![i]!)).toBeLessThan(1e-3);
    expect(Math.abs(value - vectors[2]![i]!)).toBeLessThan(1e-3);
  }
});
