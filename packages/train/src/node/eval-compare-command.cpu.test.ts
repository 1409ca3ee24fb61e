import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let lists: string;
const at = (...names: string[]) => join(folder, ...names);
const rows = exampleData('triplet.jsonl');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-compare-'));
  const tiny = await writeTinyRun(folder);
  lists = tiny.val;
  for (const name of ['a', 'b']) await mkdir(at(name));
  await writeTinyReranker(tiny.model, at('a', 'model'));
  await writeTinyReranker(tiny.model, at('b', 'model'));
  await writeTinyEmbedding(tiny.model, at('embedding'));
  await writeTinyColbert(tiny.model, at('colbert'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const compare = (...args: string[]) =>
  runRag('eval', 'compare', ...args, '--threads', '1', '--resamples', '200');

test('rerankers on lists: equal weights are equal, folders of one name keep their paths', async () => {
  const models = [at('a', 'model'), at('b', 'model')];
  const { code, stdout, stderr } = await compare(...models, '--dataset', lists, '--json');
  expect([code, stderr]).toEqual([0, '']);
  const told = JSON.parse(stdout);
  expect(told.systems.map(({ name }: { name: string }) => name)).toEqual(models);
  expect(told.comparisons[0].outcomes['mrr@10']).toEqual({ wins: 0, ties: 6, losses: 0 });
  const alone = await runRag(
    ...['eval', 'reranker', '--model', models[0]!, '--dataset', lists, '--threads', '1'],
  );
  const { mean } = told.systems[0].metrics['mrr@10'];
  expect(alone.stdout).toContain(`model   ${mean.toFixed(3)} [`);
});

test('an embedding model beside ColBERT, with a page whose texts are escaped', async () => {
  const hostile = at('hostile.jsonl');
  const lines = (await readFile(rows, 'utf8')).trimEnd().split('\n');
  const injected = lines
    .map((line) => JSON.parse(line))
    .map((row) => ({ ...row, query: `<script>${row.query}` }));
  await writeFile(hostile, injected.map((row) => JSON.stringify(row)).join('\n'));
  const page = at('pages', 'compared.html');
  const { code, stdout, stderr } = await compare(
    at('embedding'),
    at('colbert'),
    '--dataset',
    hostile,
    '--html',
    page,
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^10 queries over 127 documents\n/);
  expect(stdout).toMatch(/\ncolbert − embedding +difference +p +P\(better\) +wins +ties +losses\n/);
  expect(stdout).toContain('\nrank of the relevant passage by words (BM25)\n');
  expect(stdout).toContain(`${page}: written\n`);
  const text = await readFile(page, 'utf8');
  expect(text).not.toContain('<script');
  expect(text).toContain('&lt;script&gt;');
});

test('rerankers on a collection order what words find', async () => {
  const lines = (of: readonly object[]) => of.map((row) => JSON.stringify(row)).join('\n');
  await writeFile(
    at('corpus.jsonl'),
    lines(['red moon', 'blue moon', 'sun'].map((text, i) => ({ _id: `d${i}`, text }))),
  );
  await writeFile(at('queries.jsonl'), lines(['red', 'blue'].map((text, i) => ({ _id: `q${i}`, text }))));
  await writeFile(at('qrels.tsv'), 'query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\n');
  const { code, stdout } = await compare(
    ...[at('a', 'model'), at('b', 'model'), '--corpus', at('corpus.jsonl'), '--queries', at('queries.jsonl')],
    ...['--qrels', at('qrels.tsv'), '--json'],
  );
  expect(code).toBe(0);
  const { size, notes, systems } = JSON.parse(stdout);
  expect(size).toBe('2 queries over 3 documents');
  expect(notes).toEqual([
    'rerankers order the 100 documents that words (BM25) find; what they miss stays missed',
  ]);
  // Words find one document each.
  expect(systems[0].metrics['mrr@10'].mean).toBe(1);
});

const data = ['--dataset', rows];
test.each([
  [[], data, 'models: expected two or more, got none — name them before the flags'],
  [['embedding', 'a/model'], data, 'expected a model that searches as'],
  [
    ['a/model', 'b/model'],
    [],
    '--dataset: expected --dataset, --beir, or --corpus with --queries and --qrels, got none',
  ],
  [
    ['colbert', 'colbert'],
    [...data, '--similarity', 'dot'],
    '--similarity: expected an embedding model, got a ColBERT model',
  ],
  [['embedding', 'colbert'], [...data, '--label_key', 'x'], '--label_key: expected rerankers'],
])('%j is one line on stderr', async (models, flags, message) => {
  const { code, stderr } = await compare(...models.map((name) => at(...name.split('/'))), ...flags);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^rag: [^\n]*\n$/);
  expect(stderr).toContain(message);
});
