import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TrainOptions, train } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import type { StepEvent } from '../trainer.js';
import type { RerankerRun } from './reranker.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-train-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Watched {
  readonly run: RerankerRun;
  readonly said: readonly string[];
  readonly steps: readonly StepEvent[];
}

async function watch(
  name: string,
  options: Partial<TrainOptions<'reranker'>> = {},
  onStep: () => void = () => {},
): Promise<Watched> {
  const said: string[] = [];
  const steps: StepEvent[] = [];
  const run = await train(
    {
      task: 'reranker',
      modelNameOrPath: tiny.model,
      initFromConfig: true,
      trainDataset: tiny.train,
      outputDir: join(folder, name),
      batchSize: 4,
      lr: 3e-3,
      threads: 1,
      logInterval: 2,
      ...options,
    },
    {
      doctor: 'off',
      listener: {
        say: (text) => said.push(text),
        step(event) {
          steps.push(event);
          onStep();
        },
      },
    },
  );
  return { run, said, steps };
}

const listing = async (path: string) => (await readdir(path)).sort();
const weightsOf = (directory: string) => readFile(join(directory, 'model.safetensors'));

async function scoresOf(directory: string): Promise<number[]> {
  const model = await CrossEncoder.fromPretrained(directory, { newHead: false });
  const text = await readFile(tiny.val, 'utf8');
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const scores = await model.computeScore(rows.map(({ query, pos }) => [query, pos[0]] as const));
  model.dispose();
  return scores;
}

test('two epochs over groups: checkpoints, final model, metrics, all reloaded with equal scores', async () => {
  const { run, said, steps } = await watch('groups', {
    lossType: 'group_softmax',
    trainGroupSize: 4,
    valDataset: tiny.val,
    gradientAccumulationSteps: 2,
    mixedPrecision: 'bf16',
  });
  // 12 rows are 3 batches of 4 groups, which are 2 updates of at most 2 batches.
  expect(steps.map(({ update, totalUpdates, epoch }) => [update, totalUpdates, epoch])).toEqual([
    ...[
      [1, 4, 0],
      [2, 4, 0],
    ],
    ...[
      [3, 4, 1],
      [4, 4, 1],
    ],
  ]);
  expect(run).toMatchObject({ updates: 4, model: `${join(folder, 'groups')}/model` });
  expect(run.tokens).toBe(steps.at(-1)!.tokens);
  expect(run.history.map(({ update }) => update)).toEqual([2, 4]);
  expect(steps[0]!.loss).toBeCloseTo(Math.log(4), 2);

  const model = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  expect(await listing(join(folder, 'groups'))).toEqual(['model', 'run.json', 'runs']);
  const records = ['README.md', 'golden.json', 'training_config.json'];
  expect(await listing(run.model)).toEqual([...model, ...records].sort());
  expect(run.checkpoints.map((path) => path.split('/').at(-1))).toEqual(['checkpoint_0', 'checkpoint_1']);
  for (const path of run.checkpoints)
    expect(await listing(path)).toEqual(
      [...model, 'optimizer.safetensors', 'trainer_state.json', 'training_config.json'].sort(),
    );
  (await CrossEncoder.fromPretrained(run.model, { verify: true })).dispose();
  const card = await readFile(join(run.model, 'README.md'), 'utf8');
  const { rows, bytes, sha256 } = JSON.parse(await readFile(join(folder, 'groups', 'run.json'), 'utf8')).val
    .files[0];
  expect(sha256).toBe(
    createHash('sha256')
      .update(await readFile(tiny.val))
      .digest('hex'),
  );
  expect(card).toContain(`| held out | reranker.dev.jsonl | ${rows} | ${bytes} | \`${sha256}\` |`);
  expect(rows).toBe(6);
  const { mean, low } = run.evaluation!.after['ndcg@10'];
  expect(card).toMatch(
    new RegExp(`\\| ndcg@10 \\| [\\d.]+ \\| ${mean.toFixed(4)} \\| ${low.toFixed(4)} to `),
  );
  expect(card).toContain(`type: "ndcg@10"\n      value: ${mean}\n`);
  expect(card + (await readFile(join(run.model, 'training_config.json'), 'utf8'))).not.toContain(folder);
  const [first, last, final] = await Promise.all([...run.checkpoints, run.model].map(scoresOf));
  expect(final).toEqual(last);
  expect(final).not.toEqual(first);

  expect(run.evaluation).toMatchObject({ queries: 6, epochs: [{ epoch: 0 }] });
  const record = JSON.parse(await readFile(join(folder, 'groups', 'run.json'), 'utf8'));
  expect(record).toMatchObject({
    settings: { loss_type: 'group_softmax', lr: 3e-3 },
    not_active: [
      {
        key: 'mixed_precision',
        value: 'bf16',
        running: 'fp32',
        reason: 'the cpu provider has no bf16 kernels',
      },
    ],
    ran: { provider: 'cpu', evaluation_provider: 'cpu', precision: 'fp32', threads: 1, max_len: 64 },
    model: { fresh: 'all' },
    result: { updates: 4 },
    checkpoints: ['checkpoint_0', 'checkpoint_1'],
  });
  expect(record.evaluation.after).toEqual(run.evaluation!.after);
  expect(said[0]).toBe('mixed_precision bf16: the cpu provider has no bf16 kernels: running fp32');
  expect(said.join('\n')).toContain('fresh: every weight');
  expect(said).toContain('max_len: 64, the positions that the model has');
});

test('evaluates where it trains, and says so', async () => {
  const { run, said } = await watch('wasm', {
    lossType: 'group_softmax',
    trainGroupSize: 2,
    valDataset: tiny.val,
    epochs: 1,
    provider: 'wasm',
  });
  expect(said).toContain('evaluation: on wasm');
  const record = JSON.parse(await readFile(join(folder, 'wasm', 'run.json'), 'utf8'));
  expect(record.ran).toMatchObject({ provider: 'wasm', evaluation_provider: 'wasm' });
  expect(run.evaluation!.queries).toBe(6);
  (await CrossEncoder.fromPretrained(run.model, { verify: true })).dispose();
});

test('single pairs are learned by heart, and training goes on from the trained model', async () => {
  const { run, steps } = await watch('pairs', { epochs: 20, batchSize: 8, saveOnEpochEnd: false });
  expect(steps[0]!.loss).toBeCloseTo(Math.LN2, 1);
  // Of 161 pairs 22 are positive: a model that knows nothing but this ends at an entropy of 0.399.
  expect(run.meanLoss).toBeLessThan(0.2);
  expect(await listing(join(folder, 'pairs'))).toEqual(['model', 'run.json']);
  const { steps: more, said } = await watch('more', {
    modelNameOrPath: run.model,
    initFromConfig: false,
    epochs: 1,
    lr: 1e-5,
    batchSize: 8,
  });
  expect(said.join('\n')).not.toContain('fresh');
  expect(more.at(-1)!.meanLoss).toBeLessThan(0.2);
});

test('the same settings give the same bits; another seed gives others', async () => {
  const settings = { epochs: 1, saveOnEpochEnd: false, lossType: 'pairwise_ranknet' } as const;
  const [a, b, c] = [
    await watch('same-1', settings),
    await watch('same-2', settings),
    await watch('other', { ...settings, seed: 7 }),
  ];
  expect(b.steps.map(({ loss }) => loss)).toEqual(a.steps.map(({ loss }) => loss));
  expect((await weightsOf(b.run.model)).equals(await weightsOf(a.run.model))).toBe(true);
  expect((await weightsOf(c.run.model)).equals(await weightsOf(a.run.model))).toBe(false);
});

test('an earlier run is replaced only when told so, checkpoints beyond the limit go', async () => {
  await watch('again', { epochs: 3, numMaxCheckpoints: 2, trainDataset: tiny.val });
  const checkpoints = join(folder, 'again', 'runs', 'checkpoints');
  expect(await listing(checkpoints)).toEqual(['checkpoint_1', 'checkpoint_2']);
  await expect(watch('again')).rejects.toThrow('say overwrite_output_dir: true');
  await watch('again', { epochs: 1, overwriteOutputDir: true, trainDataset: tiny.val });
  expect(await listing(checkpoints)).toEqual(['checkpoint_0']);
});

test('what was learned is a checkpoint where the final model cannot be written', async () => {
  const notes = join(folder, 'refused-model', 'model', 'notes.txt');
  const options = { epochs: 1, saveOnEpochEnd: false, overwriteOutputDir: true, trainDataset: tiny.val };
  // Of files that lie there from the start the run says so at once.
  const step = () => {
    mkdirSync(dirname(notes), { recursive: true });
    writeFileSync(notes, 'mine');
  };
  await expect(watch('refused-model', options, step)).rejects.toThrow('holds notes.txt');
  expect(await listing(dirname(notes))).toEqual(['notes.txt']);
  const checkpoints = join(folder, 'refused-model', 'runs', 'checkpoints');
  const [name] = await listing(checkpoints);
  expect(name).toMatch(/^step_\d+$/);
  await scoresOf(join(checkpoints, name!));
  const again = watch('refused-model', options, () => expect.unreachable());
  await expect(again).rejects.toThrow('expected only files of an earlier run in');
});

test('a run that is stopped leaves a checkpoint, and no final model', async () => {
  const control = new AbortController();
  const stopped = train(
    {
      task: 'reranker',
      modelNameOrPath: tiny.model,
      initFromConfig: true,
      trainDataset: tiny.train,
      outputDir: join(folder, 'stopped'),
      threads: 1,
    },
    {
      signal: control.signal,
      doctor: 'off',
      listener: { say: () => {}, step: () => control.abort(new Error('enough')) },
    },
  );
  await expect(stopped).rejects.toThrow('enough');
  expect(await readdir(join(folder, 'stopped'))).toEqual(['runs']);
  expect(await readdir(join(folder, 'stopped', 'runs', 'checkpoints'))).toEqual(['step_1']);
});

test('faults are found before anything is trained or written', async () => {
  const broken = join(folder, 'broken.jsonl');
  await writeFile(broken, '{"query": "q", "pos": ["p"], "neg": ["n"]}\n{"query": "q", "pos": []}\n');
  const refused = (options: Partial<TrainOptions<'reranker'>>) => watch('refused', options);
  await expect(refused({ trainDataset: broken })).rejects.toThrow(`${broken}:2: expected "pos"`);
  await expect(refused({ valDataset: broken })).rejects.toThrow(`${broken}:2: expected "pos"`);
  await expect(refused({ trainDataset: join(folder, 'none') })).rejects.toThrow(
    'expected a file, got nothing',
  );
  await expect(refused({ maxLen: 65 })).rejects.toThrow(
    'train(): expected max_len up to 64, the positions that the model has, got 65',
  );
  await expect(refused({ task: 'ranker' as never })).rejects.toThrow(
    'task: expected one of reranker, embedding, colbert, got "ranker" — choose one',
  );
  await expect(readdir(join(folder, 'refused'))).rejects.toThrow('ENOENT');
});
