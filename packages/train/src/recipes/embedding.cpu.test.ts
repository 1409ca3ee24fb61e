import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTeacherVectors } from '@rag/data';
import { createFile } from '@rag/data/node';
import { Embedding } from '@rag/embedding';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainOptions } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { watchedRun } from '../testing/watched-run.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-embedding-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const watch = (name: string, options: Partial<TrainOptions<'embedding'>> = {}) =>
  watchedRun<'embedding'>({
    task: 'embedding',
    modelNameOrPath: tiny.model,
    initFromConfig: true,
    trainDataset: tiny.train,
    outputDir: join(folder, name),
    batchSize: 4,
    negNums: 3,
    lr: 2e-3,
    epochs: 1,
    threads: 1,
    logInterval: 2,
    ...options,
  });

const texts = ['为什么天空是蓝色的', 'why does the heart beat'];

async function vectorsOf(directory: string) {
  const model = await Embedding.fromPretrained(directory);
  const vectors = await model.encode(texts);
  const { head } = model;
  model.dispose();
  return { vectors, head };
}

async function rewrite(path: string, keys: object): Promise<void> {
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...keys }));
}

async function fileOf(name: string, rows: readonly object[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

test('triplets: chunks, accumulation, checkpoints, search before and after', async () => {
  const { run, said, steps } = await watch('triplets', {
    valDataset: tiny.val,
    epochs: 2,
    gradientAccumulationSteps: 2,
    chunkTokens: 256,
    mixedPrecision: 'fp16',
  });
  // 22 positives are 6 batches of at most 4, which are 3 updates of 2.
  expect(steps.map(({ update, totalUpdates }) => [update, totalUpdates]).at(-1)).toEqual([6, 6]);
  expect(run.meanLoss).toBeLessThan(steps[0]!.loss);
  const files = ['1_Pooling', 'config.json', 'config_sentence_transformers.json', 'model.safetensors'];
  const model = [
    ...files,
    'modules.json',
    'sentence_bert_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ];
  const records = ['README.md', 'golden.json', 'training_config.json'];
  expect((await readdir(run.model)).sort()).toEqual([...model, ...records].sort());
  for (const path of run.checkpoints)
    expect((await readdir(path)).sort()).toEqual(
      [...model, 'optimizer.safetensors', 'trainer_state.json', 'training_config.json'].sort(),
    );
  (await Embedding.fromPretrained(run.model, { verify: true })).dispose();
  const [last, final] = [await vectorsOf(run.checkpoints[1]!), await vectorsOf(run.model)];
  expect(final.vectors).toEqual(last.vectors);
  const evaluation = run.evaluation!;
  expect(evaluation).toMatchObject({ queries: 6, passages: 56, epochs: [{ epoch: 0 }] });
  expect(evaluation.after.metrics!['mrr@10'].mean).not.toBe(evaluation.before.metrics!['mrr@10'].mean);
  expect(evaluation.bm25!['ndcg@10'].mean).toBeGreaterThan(0.5);
  const record = JSON.parse(await readFile(join(folder, 'triplets', 'run.json'), 'utf8'));
  expect(record).toMatchObject({
    task: 'embedding',
    ran: {
      loss_type: 'infonce',
      temperature: 0.02,
      query_max_len: 64,
      passage_max_len: 64,
      pooling: ['mean'],
      threads: 1,
    },
    val: { queries: 6, passages: 56, pairs: 0 },
    checkpoints: ['checkpoint_0', 'checkpoint_1'],
  });
  expect(said[0]).toBe('mixed_precision fp16: the cpu provider has no fp16 kernels: running fp32');
  expect(said).toContain('query_max_len: 64, the positions that the model has');
  expect(said.join('\n')).toContain('6 queries over 56 passages');
});

test('an instruction stands before the queries and is saved as the prompt that says so', async () => {
  const options = { saveOnEpochEnd: false, epochs: 1 } as const;
  const plain = await watch('no-instruction', options);
  const { run, said, steps } = await watch('instruction', {
    ...options,
    instruction: '为什么',
    queryInstructionFormat: 'Instruct: {}\\nQuery: {}',
  });
  expect(said).toContain('instruction: "Instruct: 为什么\\nQuery: " before each query');
  expect(steps[0]!.loss).not.toBe(plain.steps[0]!.loss);
  const model = await Embedding.fromPretrained(run.model);
  expect(model.settings.prompts).toEqual({ query: 'Instruct: 为什么\nQuery: ' });
  model.dispose();
});

test('the same settings give the same bits with or without rotation, and chunks the same losses', async () => {
  const options = { saveOnEpochEnd: false } as const;
  const [a, b] = [await watch('same-1', options), await watch('same-2', options)];
  expect(b.steps.map(({ loss }) => loss)).toEqual(a.steps.map(({ loss }) => loss));
  const whole = await watch('whole', { ...options, gradCache: false });
  for (const [i, { loss }] of whole.steps.entries()) expect(loss).toBeCloseTo(a.steps[i]!.loss, 3);
  const rotated = await watch('rotated', { epochs: 2, numMaxCheckpoints: 1 });
  expect(await readdir(join(folder, 'rotated', 'runs', 'checkpoints'))).toEqual(['checkpoint_1']);
  expect(rotated.run.checkpoints).toHaveLength(1);
});

test('a model is served at the lengths that it was trained and evaluated at', async () => {
  const { run } = await watch('lengths', { queryMaxLen: 9, passageMaxLen: 14, saveOnEpochEnd: false });
  const model = await Embedding.fromPretrained(run.model);
  expect(model.settings.max_seq_length).toBe(14);
  const long = '为什么天空是蓝色的蓝光更容易散射为什么天空';
  expect(await model.encode(long)).toEqual(await model.encode(long, { maxLength: 14 }));
  expect(await model.encode(long)).not.toEqual(await model.encode(long, { maxLength: 20 }));
  const prompts = { query: 'find: ', none: '' };
  await rewrite(join(run.model, 'config_sentence_transformers.json'), { prompts });
  model.dispose();
  const again = { modelNameOrPath: run.model, initFromConfig: false, saveOnEpochEnd: false };
  const { said } = await watch('prompted', { ...again, queryMaxLen: 9 });
  expect(said.join('\n')).toContain('prompts: query of the model stand before no row');
  await rm(join(run.model, 'modules.json'));
  expect((await watch('bare', again)).said.join('\n')).toContain('pooling: mean, since the checkpoint has');
});

test('Matryoshka appends a Dense and reports quality by width', async () => {
  const { run } = await watch('mrl', { useMrl: true, mrlDims: '8, 16', valDataset: tiny.val });
  const { head, vectors } = await vectorsOf(run.model);
  expect(head).toMatchObject({ dense: [{ name: '2_Dense', in: 32, out: 16 }], normalize: false });
  expect(vectors[0]).toHaveLength(16);
  expect(run.evaluation!.after.curve!.map(({ dim }) => dim)).toEqual([8, 16]);
  const again = await watch('mrl-again', {
    modelNameOrPath: run.model,
    initFromConfig: false,
    useMrl: true,
    mrlDims: [8, 999],
  });
  expect(again.said).toContain('mrl_dims: 999 left out, the vectors have 16 elements');
});

test('rows with scores are learned by their order, and judged by it', async () => {
  const rows = texts.flatMap((query, q) => [
    {
      query,
      pos: ['蓝光散射', 'muscle', '猫', 'blood'],
      scores: q === 0 ? [1, 0.2, 0, 0.3] : [0, 0.9, 0.1, 0.8],
    },
    { query: `${query} ?`, pos: ['天空', 'heart', '狗'], scores: q === 0 ? [0.9, 0.1, 0.3] : [0.1, 0.8, 0] },
  ]);
  const train = await fileOf('scored.jsonl', rows);
  const kl = await watch('scored-compat', { trainDataset: train, compat: true, saveOnEpochEnd: false });
  // A pair per passage: 14 in batches of 4.
  expect(kl.steps).toHaveLength(4);
  for (const lossType of [undefined, 'cosent', 'angle', 'margin_mse'] as const) {
    const { run, steps } = await watch(`scored-${lossType ?? 'kl'}`, {
      trainDataset: train,
      valDataset: train,
      epochs: 12,
      temperature: 0.5,
      saveOnEpochEnd: false,
      ...(lossType && { lossType }),
    });
    expect(run.meanLoss).toBeLessThan(steps[0]!.loss);
    const { before, after } = run.evaluation!;
    expect(after.similarity).toMatchObject({ pairs: 14 });
    expect(after.similarity!.spearman).toBeGreaterThan(before.similarity!.spearman);
    expect(after.metrics).toBeUndefined();
  }
});

test('a student learns a teacher’s vectors, which must belong to its texts', async () => {
  const rows = (await readFile(tiny.train, 'utf8')).trimEnd().split('\n');
  const lines = rows.map((row) => (JSON.parse(row) as { query: string }).query);
  const train = await fileOf(
    'texts.jsonl',
    lines.map((query) => ({ query })),
  );
  const width = 24;
  const vectors = Float32Array.from({ length: lines.length * width }, (_, i) => Math.sin(i * i));
  const teacher = join(folder, 'teacher.ragvec');
  const writeTeacher = async (written: readonly string[]) =>
    writeTeacherVectors(await createFile(teacher), [{ vectors, texts: written }], {
      width,
      format: 'ragvec',
    });
  await writeTeacher(lines);
  const distill = (name: string) =>
    watch(name, {
      trainType: 'distill',
      trainDataset: train,
      trainDatasetVec: teacher,
      useMrl: true,
      mrlDims: '8, 24',
      epochs: 30,
      lr: 5e-3,
      batchSize: 12,
      saveOnEpochEnd: false,
    });
  const { run, steps, said } = await distill('student');
  expect(run.meanLoss).toBeLessThan(0.5 * steps[0]!.loss);
  expect((await vectorsOf(run.model)).head.dense).toMatchObject([{ in: 32, out: 24 }]);
  expect(said.join('\n')).toContain('12 vectors of 24 elements (ragvec); checked by the hash of each text');
  await writeTeacher([...lines.slice(1), lines[0]!]);
  await expect(distill('misaligned')).rejects.toThrow(`${train}:1: expected the text of row 0`);
});

test('faults are found before anything is trained or written', async () => {
  const refused = (options: Partial<TrainOptions<'embedding'>>) => watch('refused', options);
  await expect(refused({ queryMaxLen: 65 })).rejects.toThrow(
    'train(): expected query_max_len up to 64, the positions that the model has, got 65',
  );
  const mixed = await fileOf('mixed.jsonl', [
    { query: 'a', pos: ['b'] },
    { query: 'a', pos: ['b'], scores: [1] },
  ]);
  await expect(refused({ trainDataset: mixed })).rejects.toThrow(`${mixed}:2: expected {query, pos}`);
  await expect(refused({ valDataset: mixed })).rejects.toThrow('expected at least 2 queries with positives');
  await expect(refused({ useMrl: true, mrlDims: [8, 8] })).rejects.toThrow('expected each width once');
  await expect(readdir(join(folder, 'refused'))).rejects.toThrow('ENOENT');
  await expect(refused({ outputDir: mixed })).rejects.toThrow(
    `output_dir: expected a directory that can be made, got ${mixed}`,
  );
});
