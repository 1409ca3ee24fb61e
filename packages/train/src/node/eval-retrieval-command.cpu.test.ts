import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let config: string;
let embedding: string;
let colbert: string;
const at = (...names: string[]) => join(folder, ...names);
const rows = exampleData('triplet.jsonl');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-eval-'));
  config = (await writeTinyRun(folder)).model;
  embedding = await writeTinyEmbedding(config, at('embedding'));
  colbert = await writeTinyColbert(config, at('colbert'));
  await writeBeir();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Row = { query: string; pos: string[]; neg: string[]; prompt_for_query?: string };

/** The rows as a BEIR directory: equal texts, other ids. */
async function writeBeir(): Promise<void> {
  const [corpus, queries, qrels] = [
    new Map<string, string>(),
    [] as string[],
    ['query-id\tcorpus-id\tscore'],
  ];
  const idOf = (text: string): string => {
    if (!corpus.has(text)) corpus.set(text, `doc-${corpus.size}`);
    return corpus.get(text)!;
  };
  for (const [i, line] of (await readFile(rows, 'utf8')).trimEnd().split('\n').entries()) {
    const { query, pos, neg, prompt_for_query = '' } = JSON.parse(line) as Row;
    queries.push(JSON.stringify({ _id: `query-${i}`, text: prompt_for_query + query }));
    for (const text of pos) qrels.push(`query-${i}\t${idOf(text)}\t1`);
    neg.forEach(idOf);
  }
  await mkdir(at('beir', 'qrels'), { recursive: true });
  const documents = [...corpus].map(([text, _id]) => JSON.stringify({ _id, title: '', text }));
  await writeFile(at('beir', 'corpus.jsonl'), `${documents.join('\n')}\n`);
  await writeFile(at('beir', 'queries.jsonl'), `${queries.join('\n')}\n`);
  await writeFile(at('beir', 'qrels', 'test.tsv'), `${qrels.join('\n')}\n`);
}

const evaluate = (task: 'embedding' | 'colbert', ...flags: string[]) =>
  runRag('eval', task, '--model', task === 'embedding' ? embedding : colbert, '--threads', '1', ...flags);

test.each(['embedding', 'colbert'] as const)(
  '%s: rows and a BEIR directory of the same texts give the same table, and so does its run',
  async (task) => {
    const metrics = ['--metrics', 'mrr@10', 'recall@50,map'];
    const data = await evaluate(task, '--dataset', rows, ...metrics);
    expect([data.code, data.stderr]).toEqual([0, '']);
    const [count, header, model, words, difference, ...rest] = data.stdout.trimEnd().split('\n');
    expect(count).toBe('10 queries over 127 documents');
    expect(header).toMatch(/^ +mrr@10 +recall@50 +map$/);
    expect(model).toMatch(/^model( +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]){3}$/);
    expect(words).toMatch(/^BM25 /);
    expect(difference).toMatch(/^model − BM25: mrr@10 [+-]\d/);
    expect(rest).toEqual([]);

    const run = at(`${task}.run`);
    const beir = await evaluate(task, '--beir', at('beir'), '--run', run, ...metrics);
    expect([beir.code, beir.stderr]).toEqual([0, '']);
    expect(beir.stdout).toBe(`${data.stdout}${run}: written\n`);
    expect((await readFile(run, 'utf8')).split('\n')[0]).toMatch(/^query-0 Q0 doc-\d+ 1 -?\d\S* \w+$/);

    const again = await runRag(
      'eval',
      'run',
      '--run',
      run,
      '--qrels',
      at('beir', 'qrels', 'test.tsv'),
      ...metrics,
    );
    expect([again.code, again.stderr]).toEqual([0, '']);
    const [queries, , own] = again.stdout.split('\n');
    expect(queries).toBe('10 queries');
    expect(own!.replace(run, '').trim()).toBe(model!.replace('model', '').trim());
  },
);

test('the table of rag train is the table of rag eval', async () => {
  const trained = await runRag(
    ...['train', 'embedding', '--model_name_or_path', config, '--init_from_config', '--dataset', rows],
    ...['--val_dataset', rows, '--epochs', '1', '--threads', '1', '--output_dir', at('out')],
    ...['--query_max_len', '32', '--passage_max_len', '64'],
  );
  expect([trained.code, trained.stderr]).toEqual([0, '']);
  const after = trained.stdout.split('\n').find((line) => line.startsWith('after  '))!;
  const { stdout } = await runRag(
    ...['eval', 'embedding', '--model', at('out', 'model'), '--dataset', rows, '--threads', '1'],
    ...['--query_max_len', '32', '--passage_max_len', '64'],
  );
  const model = stdout.split('\n').find((line) => line.startsWith('model  '))!;
  expect(model.split(/ {2,}/).slice(1)).toEqual(after.split(/ {2,}/).slice(1));
  // A run's own comparison makes its page.
  expect((await runRag('report', at('out'))).stdout).toBe(`${at('out', 'report.html')}: written\n`);
  const page = await readFile(at('out', 'report.html'), 'utf8');
  for (const part of [
    'Loss over update',
    'after beside before',
    'script of the query',
    'Length of passages, tokens',
  ])
    expect(page).toContain(part);
  expect(await readFile(at('out', 'model', 'training_config.json'), 'utf8')).not.toContain('"comparison"');
});

test('widths, prompts, similarity', async () => {
  const { stdout } = await evaluate('embedding', '--dataset', rows, '--mrl_dims', '32,4', '--bm25', 'false');
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.split('  ')[0])).toEqual([
    '10 queries over 127 documents',
    '',
    'model',
    'by width:',
    '',
    '32 elements',
    '4 elements',
  ]);
  // The full width is no cut.
  expect(lines[5]!.split(/ {2,}/).slice(1)).toEqual(lines[2]!.split(/ {2,}/).slice(1));
  const named = await writeTinyEmbedding(config, at('named'), { query: 'Q: ', passage: 'P: ' });
  const flags = ['eval', 'embedding', '--model', named, '--threads', '1', '--bm25', 'false'];
  const lineOf = async (...more: string[]) => (await runRag(...flags, ...more)).stdout.split('\n')[0];
  expect(await lineOf('--beir', at('beir'))).toBe('prompts: queries "Q: ", documents "P: "');
  expect(await lineOf('--dataset', rows)).toBe('prompts: queries none, documents none');
  expect(await lineOf('--beir', at('beir'), '--query_prompt', '')).toBe(
    'prompts: queries none, documents "P: "',
  );
  const dot = await evaluate('embedding', '--dataset', rows, '--similarity', 'dot', '--bm25', 'false');
  expect(dot.code).toBe(0);
});

test.each(['embedding', 'colbert'] as const)('%s: rows with scores give correlations', async (task) => {
  const { stdout, stderr } = await evaluate(task, '--dataset', exampleData('pair-scores.jsonl'));
  expect(stderr).toBe('');
  expect(stdout).toMatch(
    /^model: Spearman -?[01]\.\d{3}, Pearson -?[01]\.\d{3} over \d+ scored pairs\nBM25: Spearman/,
  );
  const sts = ['moon', 'heart', 'blood', 'rail'].map((word, i) =>
    JSON.stringify({ sentence1: `the ${word}`, sentence2: `a ${word}`.repeat(i + 1), score: i }),
  );
  await writeFile(at('sts.jsonl'), sts.join('\n'));
  expect((await evaluate(task, '--sts', at('sts.jsonl'))).stdout).toContain('over 4 scored pairs');
});

test.each([
  [
    [],
    '--dataset: expected one of --dataset, --beir, --sts, or --corpus with --queries and --qrels, got none',
  ],
  [['--dataset', 'a', '--beir', 'b'], '--qrels, got 2 — say what to search'],
  [['--corpus', 'a'], '--queries: expected a file, got none — --corpus, --queries and --qrels go together'],
  [['--beir', 'nowhere'], 'corpus.jsonl: expected a file, got nothing at this path'],
  [['--dataset', rows, '--metrics', 'ndgc@10'], '--metrics: metric "ndgc@10": expected one of mrr, ndcg'],
  [['--dataset', rows, '--top_k', '5'], '--top_k: expected at least 10 for mrr@10, got 5 — raise it'],
  [['--dataset', rows, '--run', join('no', 'x.run')], '--run: expected a file in a folder that exists'],
  [
    ['--dataset', exampleData('pair-scores.jsonl'), '--run', 'x.run'],
    '--run: expected queries with relevant documents',
  ],
])('%j is one line on stderr', async (flags, message) => {
  const { code, stdout, stderr } = await evaluate('embedding', ...flags);
  expect([code, stdout]).toEqual([flags.includes('nowhere') ? 1 : 2, '']);
  expect(stderr).toMatch(/^rag: [^\n]*\n$/);
  expect(stderr).toContain(message);
});

test('widths and similarities that are none', async () => {
  expect((await evaluate('embedding', '--dataset', rows, '--mrl_dims', '4,99')).stderr).toContain(
    'mrl_dims: expected widths up to 32, that of the vectors, got 99 — leave it out',
  );
  expect((await evaluate('embedding', '--dataset', rows, '--similarity', 'l2')).stderr).toContain(
    '--similarity: expected one of cosine, dot',
  );
});
