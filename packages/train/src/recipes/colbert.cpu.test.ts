import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ColBERT } from '@rag/colbert';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainOptions } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { watchedRun } from '../testing/watched-run.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-colbert-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const watch = (name: string, options: Partial<TrainOptions<'colbert'>> = {}) =>
  watchedRun<'colbert'>({
    task: 'colbert',
    modelNameOrPath: tiny.model,
    initFromConfig: true,
    trainDataset: tiny.train,
    outputDir: join(folder, name),
    batchSize: 4,
    negNums: 3,
    lr: 2e-3,
    epochs: 1,
    threads: 1,
    colbertDim: 16,
    ...options,
  });

async function scoreOf(directory: string): Promise<number> {
  const model = await ColBERT.fromPretrained(directory);
  const score = await model.computeScore(['为什么天空是蓝色的', '蓝光更容易散射']);
  model.dispose();
  return score;
}

test('triplets: checkpoints in the original’s layout, search before and after, equal scores after reload', async () => {
  const { run, steps, said } = await watch('triplets', { epochs: 2, valDataset: tiny.val, chunkTokens: 300 });
  expect(run.meanLoss).toBeLessThan(steps[0]!.loss);
  const linear = ['colbert_linear.pt', 'colbert_linear.safetensors', 'colbert_settings.json'];
  const model = [...linear, 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const records = ['README.md', 'golden.json', 'training_config.json'];
  expect((await readdir(run.model)).sort()).toEqual([...model, ...records].sort());
  (await ColBERT.fromPretrained(run.model, { verify: true })).dispose();
  expect(await scoreOf(run.checkpoints[1]!)).toBe(await scoreOf(run.model));
  expect(run.evaluation).toMatchObject({ queries: 6, passages: 56, epochs: [{ epoch: 0 }] });
  const record = JSON.parse(await readFile(join(folder, 'triplets', 'run.json'), 'utf8'));
  expect(record).toMatchObject({
    task: 'colbert',
    ran: { loss_type: 'infonce', temperature: 0.02, query_max_len: 64, passage_max_len: 64, colbert_dim: 16 },
  });
  expect(said.join('\n')).toContain('fresh: every weight');
  const { said: more } = await watch('more', {
    modelNameOrPath: run.model,
    initFromConfig: false,
    lr: 1e-5,
    trainDataset: tiny.val,
  });
  expect(more.join('\n')).not.toContain('fresh');
});

test('a model is served at the lengths that it was trained and evaluated at', async () => {
  const { run } = await watch('lengths', { queryMaxLen: 9, passageMaxLen: 14, saveOnEpochEnd: false });
  const model = await ColBERT.fromPretrained(run.model);
  expect(model.settings).toMatchObject({ query_length: 9, document_length: 14 });
  const long = '为什么天空是蓝色的蓝光更容易散射为什么天空';
  expect((await model.encodePassages([long]))[0]!.tokens).toBe(13);
  model.dispose();
});

test('a model of another layout keeps its lengths, and its scores, which are sums, are not divided', async () => {
  const pylate = fileURLToPath(new URL('../../../colbert/src/fixtures/pylate', import.meta.url));
  const { run, said } = await watch('pylate', {
    modelNameOrPath: pylate,
    initFromConfig: false,
    colbertDim: undefined,
    queryMaxLen: 11,
    saveOnEpochEnd: false,
  });
  const original = await ColBERT.fromPretrained(pylate);
  const model = await ColBERT.fromPretrained(run.model);
  expect(model.settings).toEqual({ ...original.settings, query_length: 11 });
  expect(said).toContain(`passage_max_len: ${original.settings.document_length}, as the model has it`);
  original.dispose();
  model.dispose();
  const { ran } = JSON.parse(await readFile(join(folder, 'pylate', 'run.json'), 'utf8'));
  expect(ran).toMatchObject({ temperature: 1, query_max_len: 11 });
});

test('chunks give the losses of the whole batch; another width than the model’s is refused', async () => {
  const options = { saveOnEpochEnd: false } as const;
  const cached = await watch('cached', { ...options, chunkTokens: 200 });
  const whole = await watch('whole', { ...options, gradCache: false });
  for (const [i, { loss }] of whole.steps.entries()) expect(loss).toBeCloseTo(cached.steps[i]!.loss, 3);
  await expect(
    watch('wide', { modelNameOrPath: cached.run.model, initFromConfig: false, colbertDim: 32 }),
  ).rejects.toThrow('colbert_dim: expected 16');
});

test('a teacher’s scores, and pairs without negatives', async () => {
  const scored = join(folder, 'scored.jsonl');
  const rows = [
    { query: '天空', pos: ['蓝光散射', '猫', 'blood'], scores: [1, 0, 0.2] },
    { query: 'heart', pos: ['蓝光散射', 'muscle', 'blood'], scores: [0, 0.8, 1] },
  ];
  await writeFile(scored, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const { run, steps } = await watch('scored', {
    trainDataset: scored,
    valDataset: scored,
    epochs: 15,
    temperature: 0.5,
    saveOnEpochEnd: false,
  });
  expect(run.meanLoss).toBeLessThan(steps[0]!.loss);
  const { before, after } = run.evaluation!;
  expect(after.similarity!.spearman).toBeGreaterThan(before.similarity!.spearman);
  const compat = await watch('scored-compat', {
    trainDataset: scored,
    compat: true,
    saveOnEpochEnd: false,
  });
  expect(compat.steps[0]!.loss).toBeGreaterThan(0);
  const pairs = join(folder, 'pairs.jsonl');
  await writeFile(pairs, '{"query": "天空", "pos": ["蓝光"]}\n{"query": "heart", "pos": ["blood"]}\n');
  const together = await watch('pairs', { trainDataset: pairs, saveOnEpochEnd: false });
  expect(together.steps[0]!.loss).toBeGreaterThan(0);
});

test('adapters are saved beside the projection, opened over their base, and merged score the same', async () => {
  const { run: base } = await watch('base', { saveOnEpochEnd: false });
  const lora: Partial<TrainOptions<'colbert'>> = {
    ...{ modelNameOrPath: base.model, initFromConfig: false, saveOnEpochEnd: false },
    ...{ useLora: true, loraRank: 2, loraDropout: 0, layerSplit: true, frozenDtype: 'fp16' },
  };
  const { run: alone, said } = await watch('alone', lora);
  expect(said.join('\n')).toMatch(/trained [\d,]+ of [\d,]+ parameters/);
  const names = await readdir(alone.model);
  expect(names).toEqual(expect.arrayContaining(['adapter_model.safetensors', 'colbert_linear.safetensors']));
  expect(names).not.toContain('model.safetensors');
  (await ColBERT.fromPretrained(alone.model, { verify: true })).dispose();
  const { run: merged } = await watch('merged', { ...lora, saveMergedLoraModel: true });
  // One adds the adapter's products to those of its base, the other has their sum for a weight.
  expect(await scoreOf(merged.model)).toBeCloseTo(await scoreOf(alone.model), 6);
  expect(await scoreOf(merged.model)).not.toBe(await scoreOf(base.model));
});
