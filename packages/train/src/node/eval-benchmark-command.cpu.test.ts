import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-benchmark-'));
  const { model } = await writeTinyRun(folder);
  await writeTinyEmbedding(model, at('embedding'), { query: 'Q: ' });
  await writeTinyReranker(model, at('reranker'));
  await mkdir(at('nano', 'small', 'qrels'), { recursive: true });
  type Row = { query: string; pos: string[]; neg: string[] };
  const text = await readFile(exampleData('triplet.jsonl'), 'utf8');
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line): Row => JSON.parse(line));
  const corpus = [...new Set(rows.flatMap(({ pos, neg }) => [...pos, ...neg]))];
  const qrels = rows.flatMap(({ pos }, q) => pos.map((passage) => `q${q}\td${corpus.indexOf(passage)}\t1`));
  await writeFile(
    at('nano', 'small', 'corpus.jsonl'),
    lines(corpus.map((each, i) => ({ _id: `d${i}`, text: each }))),
  );
  await writeFile(
    at('nano', 'small', 'queries.jsonl'),
    lines(rows.map(({ query }, q) => ({ _id: `q${q}`, text: query }))),
  );
  await writeFile(
    at('nano', 'small', 'qrels', 'test.tsv'),
    ['query-id\tcorpus-id\tscore', ...qrels].join('\n'),
  );
  await writeFile(
    at('nano', 'asked.jsonl'),
    lines(rows.map(({ query, pos, neg }) => ({ query, positive: pos, negative: neg }))),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const benchmark = (...args: string[]) => runRag('eval', 'benchmark', ...args, '--threads', '1');

test('an embedding model on a folder: a table with averages, the numbers of rag eval embedding', async () => {
  const { code, stdout, stderr } = await benchmark(at('embedding'), '--folder', at('nano'), '--json');
  expect([code, stderr.match(/^rag: .*/m)]).toEqual([0, null]);
  const { benchmarks } = JSON.parse(stdout);
  expect(benchmarks.map(({ name, kind }: { name: string; kind: string }) => `${kind}: ${name}`)).toEqual([
    'retrieval: small',
    'retrieval: average of 1',
    'reranking: asked',
    'reranking: average of 1',
  ]);
  const alone = await runRag(
    ...['eval', 'embedding', '--model', at('embedding'), '--beir', at('nano', 'small'), '--threads', '1'],
    ...['--metrics', 'ndcg@10', '--bm25', 'false'],
  );
  const { mean } = benchmarks[0].metrics[0]['ndcg@10'];
  expect(alone.stdout).toContain(`model  ${mean.toFixed(3)} [`);
});

test('rerankers order what words find', async () => {
  const model = at('reranker');
  const { code, stdout, stderr } = await benchmark(
    model,
    model,
    '--folder',
    at('nano'),
    '--candidates',
    '10',
  );
  expect(code).toBe(0);
  expect(stderr).toContain('small, 2 of 2\n');
  expect(stdout.match(/orders the 10 documents that words \(BM25\) find/g)).toHaveLength(1);
  expect(stdout).toMatch(/\nretrieval +model +queries +ndcg@10 +mrr@10 +recall@100 +ndcg@10 − /);
  expect(stdout).toMatch(/\+0\.000 \[0\.000, 0\.000\]\n/);
});

test('faults', async () => {
  expect((await benchmark('--folder', at('nano'))).stderr).toContain(
    'models: expected one or more, got none',
  );
  expect((await benchmark(at('embedding'), '--folder', at('nano'), '--split', 'dev')).stderr).toContain(
    'got no qrels/dev.tsv — add what is missing, or name another split by --split',
  );
});
