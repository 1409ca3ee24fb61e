import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { readPytorchFile, readSafetensorsHeader, readTensor } from '@rag/models';
import { directorySource } from '@rag/models/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { watchedRun } from '../testing/watched-run.js';

let folder: string;
let tiny: TinyRun;
/** Two files of rows with a teacher's scores. */
let scored: readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-keys-'));
  tiny = await writeTinyRun(folder);
  const rows = (await readFile(tiny.train, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { pos: string[]; neg: string[] })
    .map((row) => ({
      ...row,
      pos_scores: row.pos.map((_, i) => 3 + i),
      neg_scores: row.neg.map((_, i) => 1 - i),
    }));
  const write = async (name: string, part: readonly object[]) => {
    const path = join(folder, name);
    await writeFile(path, part.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return path;
  };
  scored = [await write('first.jsonl', rows.slice(0, 7)), await write('second.jsonl', rows.slice(7))];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const common = () => ({
  modelNameOrPath: tiny.model,
  initFromConfig: true,
  batchSize: 4,
  negNums: 3,
  lr: 2e-3,
  epochs: 1,
  threads: 1,
  logInterval: 1,
  saveOnEpochEnd: false,
});

test('FlagEmbedding’s keys together; recomputed activations give the same model', async () => {
  const watch = (name: string, gradientCheckpointing: boolean, more: { readonly valDataset?: string } = {}) =>
    watchedRun<'embedding'>({
      ...common(),
      task: 'embedding',
      negNums: undefined,
      trainDataset: scored,
      ...more,
      outputDir: join(folder, name),
      trainGroupSize: 3,
      knowledgeDistillation: true,
      kdLossType: 'm3_kd_loss',
      othersPositives: true,
      sameDatasetWithinBatch: true,
      subBatchSize: 2,
      normalizeEmbeddings: false,
      fixPositionEmbedding: true,
      pooling: 'cls',
      gradientCheckpointing,
    });
  const { run, said, steps } = await watch('keys', false, { valDataset: tiny.val });
  // 7 and 5 rows are 2 batches of each file.
  expect(steps.map(({ totalUpdates }) => totalUpdates)).toEqual([4, 4, 4, 4]);
  expect(said.join('\n')).toMatch(/trained/);
  const record = JSON.parse(await readFile(join(folder, 'keys', 'run.json'), 'utf8'));
  expect(record.ran).toMatchObject({ loss_type: 'infonce', temperature: 1, frozen_parameters: 64 * 32 });
  expect(run.evaluation!.after.metrics!['mrr@10'].mean).not.toBe(
    run.evaluation!.before.metrics!['mrr@10'].mean,
  );
  const saved = async (path: string) => {
    const model = await Embedding.fromPretrained(path, { verify: true });
    const weights = await model.readWeights();
    const [vector] = await model.encode(['月亮']);
    const { head, settings } = model;
    model.dispose();
    return { weights, vector: vector!, head, settings };
  };
  const first = await saved(run.model);
  expect(first.head.normalize).toBe(false);
  expect(first.settings.similarity_fn_name).toBe('dot');
  expect(Math.hypot(...first.vector)).not.toBeCloseTo(1, 2);
  const other = await watch('keys-recomputed', true);
  const second = await saved(other.run.model);
  for (const [i, step] of other.steps.entries()) expect(step.loss).toBeCloseTo(steps[i]!.loss, 5);
  const frozen = 'embeddings.position_embeddings.weight';
  expect(second.weights.get(frozen)).toEqual(first.weights.get(frozen));
  for (const [name, values] of first.weights) {
    const again = second.weights.get(name)!;
    expect(Math.max(...values.map((x, i) => Math.abs(x - again[i]!))), name).toBeLessThan(1e-4);
  }
  const { memory } = JSON.parse(await readFile(join(folder, 'keys', 'run.json'), 'utf8'));
  const recomputed = JSON.parse(await readFile(join(folder, 'keys-recomputed', 'run.json'), 'utf8')).memory;
  expect(JSON.stringify(recomputed)).not.toBe(JSON.stringify(memory));
});

test('unified fine-tuning learns three kinds of vectors and saves them as BGE-M3 is; a fixed encoder stays', async () => {
  const options = {
    ...common(),
    task: 'colbert' as const,
    trainDataset: scored,
    colbertDim: 8,
    unifiedFinetuning: true,
    useSelfDistill: true,
    selfDistillStartStep: 1,
    knowledgeDistillation: true,
    kdLossType: 'm3_kd_loss' as const,
    instruction: '问：',
  };
  const first = await watchedRun<'colbert'>({
    ...options,
    outputDir: join(folder, 'unified'),
    valDataset: tiny.val,
  });
  expect(first.said).toContain('sparse_linear: fresh, since the model has none');
  expect(first.run.evaluation!.after.metrics!['mrr@10'].mean).toBeGreaterThan(0);
  const { model } = first.run;
  const dense = await Embedding.fromPretrained(model);
  expect([dense.head.pooling, dense.head.normalize, dense.settings.prompts]).toEqual([
    ['cls'],
    true,
    { query: '问：' },
  ]);
  expect(Math.hypot(...(await dense.encode(['月亮']))[0]!)).toBeCloseTo(1, 5);
  dense.dispose();
  const late = await ColBERT.fromPretrained(model, { verify: true });
  expect(late.settings.query_instruction).toBe('问：');
  const plain = { instruction: '' };
  const [served] = await late.encodeQueries(['月亮']);
  const [written] = await late.encodeQueries(['问：月亮'], plain);
  const [without] = await late.encodeQueries(['月亮'], plain);
  expect(served).toEqual(written);
  expect(served).not.toEqual(without);
  expect(await late.computeScore(['月亮', '太阳'])).toBe(
    await late.computeScore(['问：月亮', '太阳'], plain),
  );
  late.dispose();
  const source = await directorySource(model);
  const [python, tensors] = [
    await readPytorchFile(source, 'sparse_linear.pt'),
    await readSafetensorsHeader(source, 'sparse_linear.safetensors'),
  ];
  const bias = await python.get('bias')!.read();
  expect(python.get('weight')!.shape).toEqual([1, 32]);
  expect(bias).toEqual(await readTensor(source, tensors.tensors.get('bias')!));
  // It began at 0.
  expect(bias[0]).not.toBe(0);
  // Trained on: the encoder stays, what stands behind it moves.
  const second = await watchedRun<'colbert'>({
    ...options,
    outputDir: join(folder, 'unified-again'),
    modelNameOrPath: model,
    initFromConfig: false,
    fixEncoder: true,
    colbertDim: undefined,
    instruction: undefined,
  });
  expect(second.said).toContain('instruction: "问：" before each query, as the model has it');
  expect(second.said).not.toContain('sparse_linear: fresh, since the model has none');
  const again = await readPytorchFile(await directorySource(second.run.model), 'sparse_linear.pt');
  expect(await again.get('bias')!.read()).not.toEqual(bias);
  const files = await Promise.all(
    [model, second.run.model].map((path) => readFile(join(path, 'model.safetensors'))),
  );
  expect(files[1]!.equals(files[0]!)).toBe(true);
});
