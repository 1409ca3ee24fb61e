import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColBERT } from '@rag/colbert';
import { openFile } from '@rag/data/node';
import { Embedding } from '@rag/embedding';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PairScorer } from '../score/pair-scorer.js';
import { scoreRows } from '../score/score-rows.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { openUnfinishedFile } from './unfinished-file.js';

interface Scored {
  readonly query: string;
  readonly pos: string[];
  readonly neg: string[];
  readonly pos_scores: number[];
  readonly neg_scores: number[];
}

let folder: string;
let train: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-score-'));
  const tiny = await writeTinyRun(folder);
  train = tiny.train;
  await writeTinyReranker(tiny.model, at('reranker'));
  await writeTinyEmbedding(tiny.model, at('embedding'));
  await writeTinyColbert(tiny.model, at('colbert'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const score = (model: string, output: string, ...flags: string[]) =>
  runRag(
    ...['score', '--model', at(model), '--dataset', train, '--output', at(output), '--threads', '1'],
    ...flags,
  );
const rowsOf = async (name: string): Promise<Scored[]> =>
  (await readFile(at(name), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a reranker, an embedding model and a ColBERT model score what their classes score', async () => {
  const reranker = await CrossEncoder.fromPretrained(at('reranker'), { threads: 1 });
  const embedding = await Embedding.fromPretrained(at('embedding'), { threads: 1 });
  const colbert = await ColBERT.fromPretrained(at('colbert'), { threads: 1 });
  const cosine = async (query: string, passage: string) => {
    const [a, b] = await embedding.encode([`q: ${query}`, passage], { normalize: true, maxLength: 20 });
    return a!.reduce((sum, x, i) => sum + x * b![i]!, 0);
  };
  const ways = [
    [
      'reranker',
      ['--max_len', '40'],
      (q: string, p: string) => reranker.computeScore([q, p], { maxLength: 40 }),
    ],
    ['embedding', ['--query_prompt', 'q: ', '--query_max_len', '20', '--passage_max_len', '20'], cosine],
    ['colbert', [], (q: string, p: string) => colbert.computeScore([q, p])],
  ] as const;
  for (const [name, flags, reference] of ways) {
    const { code, stderr, stdout } = await score(name, `${name}.jsonl`, ...flags);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('12 rows');
    const rows = await rowsOf(`${name}.jsonl`);
    expect(rows).toHaveLength(12);
    for (const { query, pos, neg, pos_scores, neg_scores } of rows.slice(0, 4)) {
      expect([pos_scores.length, neg_scores.length]).toEqual([pos.length, neg.length]);
      const scores = [...pos_scores, ...neg_scores];
      for (const [i, passage] of [...pos, ...neg].entries())
        expect(scores[i]).toBeCloseTo(await reference(query, passage), 4);
    }
  }
  for (const model of [reranker, embedding, colbert]) model.dispose();
});

test('normalize gives the logistic function; pairs are trained on as they are', async () => {
  await score('reranker', 'logits.jsonl');
  await score('reranker', 'shares.jsonl', '--normalize');
  const [logits, shares] = [await rowsOf('logits.jsonl'), await rowsOf('shares.jsonl')];
  for (const [i, { pos_scores }] of logits.entries())
    for (const [j, logit] of pos_scores.entries())
      expect(shares[i]!.pos_scores[j]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
  expect(await score('reranker', 'pairs.jsonl', '--as', 'pairs')).toMatchObject({ code: 0 });
  const flags = [
    '--model_name_or_path',
    at('tiny-bert'),
    '--init_from_config',
    '--epochs',
    '1',
    '--threads',
    '1',
  ];
  const trained = await runRag(
    ...['train', 'reranker', '--dataset', at('pairs.jsonl'), '--loss_type', 'regression_mse'],
    ...[...flags, '--min_label', '-10', '--max_label', '10', '--output_dir', at('out')],
  );
  expect([trained.code, trained.stderr]).toEqual([0, '']);
});

test('what was stopped goes on to the bytes of an uninterrupted run', async () => {
  await score('reranker', 'whole.jsonl');
  const model = await CrossEncoder.fromPretrained(at('reranker'), { threads: 1 });
  let calls = 0;
  const failing: PairScorer = {
    score: (pairs) => {
      if (calls++ === 2) throw new Error('the power went');
      return model.computeScore(pairs.map(({ query, passage }) => [query, passage]));
    },
  };
  const source = await openFile(train);
  const run = async (scorer: PairScorer) =>
    scoreRows({
      sources: [source],
      scorer,
      file: await openUnfinishedFile(at('stopped.jsonl')),
      settings: { model: 'tiny' },
      windowPairs: 8,
      commitMilliseconds: 0,
    });
  await expect(run(failing)).rejects.toThrow('the power went');
  expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual([
    'stopped.jsonl.partial',
    'stopped.jsonl.progress.json',
  ]);
  calls = Number.NEGATIVE_INFINITY;
  const report = await run(failing);
  expect(report.rows).toBe(12);
  await rm(at('whole-8.jsonl'), { force: true });
  const whole = await scoreRows({
    sources: [source],
    scorer: failing,
    file: await openUnfinishedFile(at('whole-8.jsonl')),
    settings: { model: 'tiny' },
    windowPairs: 8,
  });
  expect(whole).toEqual(report);
  expect(await readFile(at('stopped.jsonl'))).toEqual(await readFile(at('whole-8.jsonl')));
  expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual(['stopped.jsonl']);
  await source.close();
  model.dispose();
});

test.each([
  ['embedding', ['--normalize'], 2, '--normalize: expected a model of the task reranker'],
  [
    'reranker',
    ['--query_max_len', '9'],
    2,
    '--query_max_len: expected a model of the task embedding or colbert',
  ],
  ['reranker', ['--max_len', '4096'], 2, '--max_len: expected'],
  ['colbert', ['--similarity', 'dot'], 2, '--similarity: expected a model of the task embedding'],
  [
    'reranker',
    ['--seq', '|'],
    2,
    '--seq: expected a decoder, which reads a pair as one text, got an encoder',
  ],
  ['colbert', ['--prompt', 'Why?'], 2, '--prompt: expected a model of the task reranker, got one of colbert'],
  ['tiny-bert', [], 1, 'tiny-bert'],
  ['reranker', ['--as', 'lists'], 2, '--as: expected one of rows, pairs'],
])('%s %j is refused before anything is written', async (model, flags, code, message) => {
  const run = await score(model, 'refused.jsonl', ...flags);
  expect(run.code).toBe(code);
  expect(run.stderr).toContain(message);
  expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([]);
});

test('a row that is none is told by file and line', async () => {
  await writeFile(at('bad.jsonl'), '{"query":"q","pos":["a"]}\n{"query":"q"}\n');
  const { code, stderr } = await runRag(
    ...['score', '--model', at('reranker'), '--dataset', at('bad.jsonl'), '--output', at('bad.out.jsonl')],
  );
  expect(code).toBe(1);
  expect(stderr).toContain('bad.jsonl:2');
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});
