import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { GOLDEN_FILE, MODEL_CARD_FILE, TRAINING_CONFIG_FILE } from '@rag/models';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let val: string;
const at = (...names: string[]) => join(folder, ...names);
const rows = exampleData('triplet.jsonl');

const one = { threads: 1 };

/** Every weight elsewhere, as another training would leave it. */
const moved = (weights: ReadonlyMap<string, Float32Array>) =>
  new Map(
    [...weights].map(([name, values]) => [name, values.map((value, i) => value + 0.05 * Math.sin(7 * i))]),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-mix-test-'));
  const tiny = await writeTinyRun(folder);
  val = tiny.val;
  const embedding = await Embedding.fromPretrained(
    await writeTinyEmbedding(tiny.model, at('embedding-base')),
    one,
  );
  const parts = await embedding.readParts();
  const tuned = await Embedding.fromParts({ ...parts, weights: moved(parts.weights) }, one);
  await tuned.savePretrained(at('embedding-tuned'));
  const colbert = await ColBERT.fromPretrained(await writeTinyColbert(tiny.model, at('colbert-base')), one);
  const own = await colbert.readParts();
  const learned = await ColBERT.fromParts({ ...own, weights: moved(own.weights) }, one);
  await learned.savePretrained(at('colbert-tuned'));
  for (const model of [embedding, tuned, colbert, learned]) model.dispose();
  for (const [name, ...start] of [
    ['base', tiny.model, '--init_from_config', '--epochs', '1'],
    ['tuned', at('base', 'model'), '--epochs', '4'],
  ]) {
    const { code, stderr } = await runRag(
      ...['train', 'reranker', '--model_name_or_path', ...start, '--dataset', val, '--lr', '3e-3', '--force'],
      ...['--loss_type', 'group_softmax', '--batch_size', '3', '--save_on_epoch_end', 'false'],
      ...['--output_dir', at(name!), '--threads', '1'],
    );
    expect([code, stderr]).toEqual([0, '']);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const reranker = () => ['--models', at('base', 'model'), at('tuned', 'model')];
const retriever = (task: string) => ['--models', at(`${task}-base`), at(`${task}-tuned`)];

interface Opened {
  readWeights(): Promise<Map<string, Float32Array>>;
  dispose(): void;
}
async function weightsOf(model: Opened): Promise<Map<string, Float32Array>> {
  const weights = await model.readWeights();
  model.dispose();
  return weights;
}

const open = {
  reranker: (path: string): Promise<Opened> => CrossEncoder.fromPretrained(path),
  embedding: (path: string): Promise<Opened> => Embedding.fromPretrained(path),
  colbert: (path: string): Promise<Opened> => ColBERT.fromPretrained(path, { newHead: false }),
};

test.each(['reranker', 'embedding', 'colbert'] as const)(
  '%s: every parameter that opens is the combination of the two',
  async (task) => {
    const models = task === 'reranker' ? reranker() : retriever(task);
    const output = at(`mixed-${task}`);
    const { code, stdout, stderr } = await runRag(
      'mix',
      ...models,
      '--weights',
      '0.25',
      '0.75',
      '--output',
      output,
    );
    expect([code, stderr, stdout]).toEqual([0, '', `${output}: written\n`]);
    const [first, second, mixed] = await Promise.all(
      [models[1]!, models[2]!, output].map(async (path) => weightsOf(await open[task](path))),
    );
    expect([...mixed!.keys()]).toEqual([...first!.keys()]);
    let changed = 0;
    for (const [name, values] of mixed!) {
      const [a, b] = [first!.get(name)!, second!.get(name)!];
      expect(values).toEqual(a.map((value, i) => Math.fround(0.25 * value + 0.75 * b[i]!)));
      if (a.some((value, i) => value !== b[i])) changed++;
    }
    expect(changed).toBeGreaterThan(10);
    // What a run wrote about its model is not true of a mix.
    const records = [MODEL_CARD_FILE, TRAINING_CONFIG_FILE, GOLDEN_FILE];
    const kept = (await readdir(models[1]!)).filter((name) => !records.includes(name));
    expect((await readdir(output)).sort()).toEqual([...kept, MODEL_CARD_FILE].sort());
    const card = await readFile(join(output, MODEL_CARD_FILE), 'utf8');
    expect(card).toContain(`from '@rag/${task}'`);
    expect(card).not.toMatch(/mrr|verify|model-index/);
  },
);

test.each([
  ['reranker', () => [...reranker(), '--examples', val]],
  ['embedding', () => [...retriever('embedding'), '--examples', rows]],
  ['colbert', () => [...retriever('colbert'), '--examples', rows]],
] as const)('%s: weights by the losses on examples', async (_, flags) => {
  const output = at('by-examples');
  const run = async (...more: string[]) => {
    const { code, stdout, stderr } = await runRag(
      'mix',
      ...flags(),
      '--threads',
      '1',
      '--output',
      output,
      ...more,
    );
    expect([code, stderr]).toEqual([0, '']);
    return [...stdout.matchAll(/: loss ([\d.]+), weight ([\d.]+)/g)].map(([, loss, weight]) => [
      Number(loss),
      Number(weight),
    ]);
  };
  const [[a, first], [b, second]] = (await run()) as [[number, number], [number, number]];
  expect(a).toBeGreaterThan(0);
  expect(a).not.toBe(b);
  expect(first + second).toBeCloseTo(1, 3);
  expect(first).toBeCloseTo(1 / (1 + Math.exp((a - b) / 5)), 3);
  const [[, cold]] = (await run('--temperature', '1e-7')) as [[number, number]];
  expect(cold).toBe(a < b ? 1 : 0);
});

test('tuning on rows lowers their loss, so that they weigh the tuned reranker more', async () => {
  const { stdout } = await runRag('mix', ...reranker(), '--examples', val, '--output', at('by-examples'));
  const [base, tuned] = [...stdout.matchAll(/weight ([\d.]+)/g)].map(([, weight]) => Number(weight));
  expect(tuned).toBeGreaterThan(base!);
});

test('a sweep prints its table and rule, and writes the plot and the best mix', async () => {
  const plot = at('plots', 'sweep.svg');
  const output = at('best');
  const { code, stdout, stderr } = await runRag(
    ...['mix', ...retriever('embedding'), '--sweep', '--domain', rows, '--guard', exampleData('pair.jsonl')],
    ...['--alphas', '1,0', '0.5', '--metric', 'mrr@10', '--guard_loss', '1', '--threads', '1'],
    ...['--plot', plot, '--output', output],
  );
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.slice(0, 3).map((line) => line.split(':')[0])).toEqual(['α 0.00', 'α 0.50', 'α 1.00']);
  expect(lines[3]).toMatch(/^ +domain mrr@10 +guard mrr@10$/);
  const means = lines.slice(4, 7).map((line) => Number(/(\d\.\d{3}) \[/.exec(line)![1]));
  expect(lines[7]).toMatch(/^the best α has the highest mrr@10/);
  const best = Number(/^best α (\d\.\d\d)$/.exec(lines[8]!)![1]);
  expect(means[best * 2]).toBe(Math.max(...means));
  expect(await readFile(plot, 'utf8')).toContain(`best α ${best}<`);
  expect(await readdir(output)).toContain('modules.json');
  // The ends are the models themselves.
  for (const [i, name] of ['base', 'tuned'].entries()) {
    const model = ['--model', at(`embedding-${name}`), '--threads', '1', '--metrics', 'mrr@10'];
    const own = await runRag(
      'eval',
      'embedding',
      ...model,
      '--dataset',
      rows,
      '--top_k',
      '100',
      '--bm25',
      'false',
    );
    expect(own.stdout).toContain(/\d\.\d{3} \[[^\]]*\]/.exec(lines[4 + 2 * i]!)![0]);
  }
});

test('a reranker and a ColBERT are swept as well', async () => {
  const alphas = ['--alphas', '0', '1', '--threads', '1'];
  const ranked = await runRag('mix', ...reranker(), '--sweep', '--domain', val, '--guard', val, ...alphas);
  expect([ranked.code, ranked.stderr]).toEqual([0, '']);
  expect(ranked.stdout).toMatch(/best α [01]\.00\n$/);
  const found = await runRag(
    'mix',
    ...retriever('colbert'),
    '--sweep',
    '--domain',
    rows,
    '--guard',
    rows,
    ...alphas,
  );
  expect([found.code, found.stderr]).toEqual([0, '']);
  expect(found.stdout).toMatch(/domain ndcg@10 +guard ndcg@10\n/);
});

test('models of two kinds are not mixed', async () => {
  const { code, stderr } = await runRag(
    ...[
      'mix',
      '--models',
      at('embedding-base'),
      at('colbert-base'),
      '--weights',
      '1',
      '0',
      '--output',
      at('odd'),
    ],
  );
  expect(code).toBe(1);
  expect(stderr).toContain('colbert-base: expected the modules of');
  expect(await readdir(folder)).not.toContain('odd');
});
