import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '@rag/models';
import { openHubOrDirectory } from '@rag/models/node';
import { LLMDecoder, Reranker, YesNoReranker } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TrainOptions, train } from '../node/train.js';
import type { RerankerRun } from './reranker.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../reranker/src/fixtures/${name}`, import.meta.url));

let folder: string;
let rows: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapter-training-'));
  rows = join(folder, 'rows.jsonl');
  const row = (query: string, pos: string, neg: string) =>
    JSON.stringify({ query, pos: [pos], neg: [neg], pos_scores: [0.9], neg_scores: [0.1] });
  await writeFile(
    rows,
    [
      row('why is the sky blue', 'air scatters short waves', 'water boils'),
      row('when does water boil', 'water boils at 100 degrees', 'air scatters'),
    ].join('\n'),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Options = Partial<TrainOptions<'reranker'>>;

async function run(name: string, options: Options): Promise<{ run: RerankerRun; said: string[] }> {
  const said: string[] = [];
  const result = await train(
    {
      task: 'reranker',
      modelNameOrPath: fixture('qwen2-scalar'),
      modelType: 'llm_decoder',
      trainDataset: rows,
      outputDir: join(folder, name),
      saveOnEpochEnd: false,
      maxLen: 32,
      batchSize: 4,
      lr: 3e-2,
      epochs: 3,
      warmupProportion: 0,
      threads: 1,
      ...options,
    },
    { doctor: 'off', listener: { say: (line) => said.push(line), step: () => {} } },
  );
  return { run: result, said };
}

const lora: Options = { useLora: true, loraRank: 2, loraDropout: 0 };
const tensorsAt = async (path: string) => (await openCheckpoint(await openHubOrDirectory(path))).tensors;

test('an adapter is saved alone with its memory planned, opens through its base, and merged is the same model', async () => {
  const alone = await run('alone', { ...lora, saveOnEpochEnd: true, epochs: 2, numMaxCheckpoints: 1 });
  expect(alone.said.join('\n')).toMatch(/trained [\d,]+ of [\d,]+ parameters/);
  expect(alone.said.join('\n')).toMatch(/memory of training, planned:\n(.*\n)* {2}total +\d+ MiB/);
  const names = await readdir(alone.run.model);
  expect(names).toContain('adapter_model.safetensors');
  expect(names).not.toContain('model.safetensors');
  expect(await readdir(join(folder, 'alone', 'runs', 'checkpoints'))).toEqual(['checkpoint_1']);
  const record = JSON.parse(await readFile(join(folder, 'alone', 'run.json'), 'utf8'));
  expect(record.memory.total).toBeGreaterThan(record.memory.resident);
  expect(record.ran.trained_parameters).toBeGreaterThan(0);
  expect(JSON.parse(await readFile(join(alone.run.model, 'adapter_config.json'), 'utf8'))).toMatchObject({
    base_model_name_or_path: fixture('qwen2-scalar'),
    task_type: 'SEQ_CLS',
    r: 2,
    modules_to_save: ['score'],
    target_modules: ['down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj'],
  });
  const opened = await Reranker.fromPretrained(alone.run.model, { verify: true });
  expect(opened).toBeInstanceOf(LLMDecoder);
  opened.dispose();

  const merged = await run('merged', { ...lora, epochs: 2, saveMergedLoraModel: true });
  expect(await readdir(merged.run.model)).toContain('model.safetensors');
  const [a, b, base] = await Promise.all([
    tensorsAt(alone.run.model),
    tensorsAt(merged.run.model),
    tensorsAt(fixture('qwen2-scalar')),
  ]);
  const read = (name: string) => Promise.all([a, b, base].map((tensors) => tensors.read(name)));
  for (const name of ['model.layers.0.self_attn.q_proj.weight', 'score.weight']) {
    const [one, other, before] = await read(name);
    expect(one).toEqual(other);
    expect(one).not.toEqual(before);
  }
  const [norm, , untouched] = await read('model.norm.weight');
  expect(norm).toEqual(untouched);
}, 60_000);

test('an adapter goes on from where it was, and one that is merged before training is part of the model', async () => {
  const { run: first } = await run('first', lora);
  const { run: more, said } = await run('more', {
    useLora: true,
    fromPeft: first.model,
    loraDropout: 0,
    lr: 1e-9,
    epochs: 1,
  });
  expect(more.meanLoss).toBeCloseTo(await lossOf(first.model), 4);
  expect(said.join('\n')).not.toContain('fresh');
  const { run: merged } = await run('raw', {
    ...lora,
    rawPeft: [first.model],
    saveMergedLoraModel: true,
    lr: 1e-9,
    epochs: 1,
  });
  expect(merged.meanLoss).toBeCloseTo(more.meanLoss, 4);
  await expect(run('refused', { ...lora, rawPeft: [first.model] })).rejects.toThrow(
    'save_merged_lora_model: expected true for adapters of qwen2-scalar, into which raw_peft is merged',
  );
}, 60_000);

/** The mean loss of a model's first epoch at a rate that changes nothing. */
const lossOf = async (model: string) =>
  (await run('probe', { modelNameOrPath: model, lr: 1e-9, epochs: 1, overwriteOutputDir: true })).run
    .meanLoss;

test('weights that are frozen narrow are saved as they were; layers one at a time learn the same', async () => {
  const frozen: Options = { freeze: ['model.*'], trainable: ['model.layers.1.*'], frozenDtype: 'int8' };
  const { run: narrow } = await run('narrow', frozen);
  const [saved, base] = await Promise.all([tensorsAt(narrow.model), tensorsAt(fixture('qwen2-scalar'))]);
  const same = async (name: string) => expect(await saved.read(name), name).toEqual(await base.read(name));
  await same('model.embed_tokens.weight');
  await same('model.layers.0.mlp.up_proj.weight');
  expect(await saved.read('model.layers.1.mlp.up_proj.weight')).not.toEqual(
    await base.read('model.layers.1.mlp.up_proj.weight'),
  );
  const { run: split } = await run('split', { ...frozen, layerSplit: true });
  expect(split.meanLoss).toBeCloseTo(narrow.meanLoss, 5);
}, 60_000);

test('a yes/no reranker learns from groups, with a teacher too', async () => {
  const options: Options = {
    ...lora,
    modelNameOrPath: fixture('gemma-yes'),
    modelType: 'decoder',
    lossType: 'group_softmax',
    trainGroupSize: 2,
    batchSize: 2,
    maxLen: 128,
    epochs: 8,
  };
  const { run: plain } = await run('yes', options);
  expect(plain.history.at(-1)!.loss).toBeLessThan(Math.LN2);
  const opened = await Reranker.fromPretrained(plain.model, { verify: true });
  expect(opened).toBeInstanceOf(YesNoReranker);
  opened.dispose();
  const { run: taught } = await run('taught', { ...options, knowledgeDistillation: true, epochs: 1 });
  expect(taught.meanLoss).toBeGreaterThan(plain.meanLoss);
}, 60_000);
