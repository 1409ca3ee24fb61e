import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColBERT } from '@rag/colbert';
import { openFile } from '@rag/data/node';
import { Embedding } from '@rag/embedding';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mineNegatives } from '../mine/mine-negatives.js';
import { embeddingMiner } from '../mine/mining-retriever.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { openUnfinishedFile } from './unfinished-file.js';
import { workFolder } from './work-folder.js';

interface Row {
  readonly query: string;
  readonly pos: string[];
  readonly neg: string[];
  readonly pos_scores?: number[];
  readonly neg_scores?: number[];
}

let folder: string;
let train: string;
let rows: Row[];
let passages: string[];
const at = (name: string) => join(folder, name);
const read = async (path: string): Promise<Row[]> =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-mine-'));
  const tiny = await writeTinyRun(folder);
  train = tiny.train;
  rows = await read(train);
  passages = [...new Set(rows.flatMap(({ pos, neg }) => [...pos, ...neg]))];
  await writeTinyEmbedding(tiny.model, at('embedding'), { query: 'query: ' });
  await writeTinyColbert(tiny.model, at('colbert'));
  await writeTinyReranker(tiny.model, at('reranker'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const mine = (model: string, output: string, ...flags: string[]) =>
  runRag(
    ...['mine', '--model', at(model), '--dataset', train, '--output', at(output), '--threads', '1'],
    ...flags,
  );

/** Every passage that is no positive of the row, by score. */
async function fullRanking(kind: 'embedding' | 'colbert'): Promise<Map<string, number>[]> {
  const score = async (): Promise<(row: number, passage: number) => number> => {
    const queries = rows.map(({ query }) => query);
    if (kind === 'embedding') {
      const model = await Embedding.fromPretrained(at('embedding'), { threads: 1 });
      const options = { prompt: '', normalize: true };
      const [asked, found] = [await model.encode(queries, options), await model.encode(passages, options)];
      model.dispose();
      return (row, passage) => asked[row]!.reduce((sum, x, i) => sum + x * found[passage]![i]!, 0);
    }
    const model = await ColBERT.fromPretrained(at('colbert'), { threads: 1 });
    const scores = await model.scoreVectors(
      await model.encodeQueries(queries),
      await model.encodePassages(passages),
    );
    model.dispose();
    return (row, passage) => scores[row * passages.length + passage]!;
  };
  const of = await score();
  return rows.map(({ pos }, row) => {
    const all = passages
      .map((text, i) => [text, of(row, i)] as const)
      .filter(([text]) => !pos.includes(text));
    return new Map(all.sort((a, b) => b[1] - a[1]));
  });
}

test.each(['embedding', 'colbert'] as const)(
  '%s: the ranks asked for, as computing everything gives them',
  async (kind) => {
    const flags = ['--range', '3-23', '--negatives', '20', '--scores', 'retriever'];
    const { code, stderr, stdout } = await mine(kind, `${kind}.jsonl`, ...flags);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('negatives   20 in 12 rows');
    const found = await read(at(`${kind}.jsonl`));
    const rankings = await fullRanking(kind);
    for (const [i, { query, pos, neg, neg_scores, pos_scores }] of found.entries()) {
      expect([query, pos, pos_scores!.length]).toEqual([rows[i]!.query, rows[i]!.pos, rows[i]!.pos.length]);
      expect(new Set(neg).size).toBe(20);
      const ranked = [...rankings[i]!];
      // Neighbours whose scores differ by rounding may change places.
      for (const [j, text] of neg.entries()) {
        expect(rankings[i]!.get(text)).toBeCloseTo(ranked[3 + j]![1], 4);
        expect(neg_scores![j]).toBeCloseTo(ranked[3 + j]![1], 4);
      }
    }
    expect((await readdir(folder)).filter((name) => /work|partial|progress/.test(name))).toEqual([]);
  },
);

test('a guard is asked by what it scores, and what was mined is trained on', async () => {
  const reranker = await CrossEncoder.fromPretrained(at('reranker'), { threads: 1 });
  const flags = ['--range', '0-30', '--negatives', '5', '--guard', at('reranker'), '--guard_margin', '0'];
  const { code, stdout } = await mine('embedding', 'guarded.jsonl', ...flags, '--scores', 'guard');
  expect(code).toBe(0);
  expect(stdout).toContain('prompts: queries none, passages none');
  expect(stdout).toMatch(/dropped by {2}guard_margin \d+/);
  let dropped = 0;
  const ranking = await fullRanking('embedding');
  for (const [i, { query, pos, neg, pos_scores, neg_scores }] of (
    await read(at('guarded.jsonl'))
  ).entries()) {
    const scores = await reranker.computeScore([...pos, ...neg].map((text) => [query, text]));
    for (const [j, score] of [...pos_scores!, ...neg_scores!].entries())
      expect(score).toBeCloseTo(scores[j]!, 4);
    for (const score of neg_scores!) expect(score).toBeLessThanOrEqual(Math.min(...pos_scores!));
    const best = [...ranking[i]!.keys()].slice(0, 5);
    if (best.some((text) => !neg.includes(text))) dropped++;
  }
  reranker.dispose();
  expect(dropped).toBeGreaterThan(0);
});

test('a run that is stopped while it encodes and while it chooses ends in the bytes of an uninterrupted one', async () => {
  const model = await Embedding.fromPretrained(at('embedding'), { threads: 1 });
  const source = await openFile(train);
  const run = async (name: string, failAt: { encode?: number; guard?: number }) => {
    const calls = { encode: 0, guard: 0 };
    const retriever = embeddingMiner(model, { queries: {}, documents: {}, similarity: 'cosine', dim: 32 });
    return mineNegatives({
      rows: [source],
      retriever: {
        ...retriever,
        encodePassages: (texts) => {
          if (calls.encode++ === failAt.encode) throw new Error('the power went');
          return retriever.encodePassages(texts);
        },
      },
      guard: {
        margin: -9,
        scorer: {
          score: async (pairs) => {
            if (calls.guard++ === failAt.guard) throw new Error('the power went');
            return pairs.map(({ passage }) => passage.length % 7);
          },
        },
      },
      range: { from: 0, to: 20 },
      rules: { negatives: 6, sampling: 'random' },
      files: await workFolder(at(`${name}.work`)),
      file: await openUnfinishedFile(at(name)),
      settings: { retriever: { model: 'tiny' } },
      windowRows: { encode: 16, search: 5, choose: 4 },
      commitMilliseconds: 0,
    });
  };
  await expect(run('stopped.jsonl', { encode: 2 })).rejects.toThrow('the power went');
  expect(await readdir(at('stopped.jsonl.work'))).toContain('passages.vectors.progress.json');
  await expect(run('stopped.jsonl', { guard: 3 })).rejects.toThrow('the power went');
  expect(await readdir(folder)).toContain('stopped.jsonl.progress.json');
  const report = await run('stopped.jsonl', {});
  expect(await run('whole.jsonl', {})).toEqual(report);
  expect(await readFile(at('stopped.jsonl'))).toEqual(await readFile(at('whole.jsonl')));
  await source.close();
  model.dispose();
});

test('vectors of a work folder serve another run; another model is refused', async () => {
  const work = ['--work', at('vectors')];
  expect(await mine('embedding', 'first.jsonl', '--range', '0-20', ...work)).toMatchObject({ code: 0 });
  const again = await mine('embedding', 'second.jsonl', '--range', '5-30', ...work);
  expect(again.stdout).toContain('passages.vectors: taken from an earlier run');
  const other = await mine('colbert', 'third.jsonl', '--range', '5-30', ...work);
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('expected model')]);
  expect(await mine('colbert', 'third.jsonl', '--range', '5-30', ...work, '--overwrite')).toMatchObject({
    code: 0,
  });
});

test('passages of a text file', async () => {
  await writeFile(at('corpus.txt'), 'one\n two \nthree\nTWO\n');
  const flags = ['--corpus', at('corpus.txt'), '--range', '0-3', '--negatives', '3'];
  expect(await mine('embedding', 'corpus.jsonl', ...flags)).toMatchObject({ code: 0, stderr: '' });
  for (const { neg } of await read(at('corpus.jsonl')))
    expect([...neg].sort()).toEqual([' two ', 'one', 'three']);
});

test.each([
  ['reranker', [], 1, 'expected an embedding model or a ColBERT model'],
  ['embedding', ['--range', '9-3'], 2, '--range: expected two ranks'],
  ['embedding', ['--range', '9000-9100'], 2, '--range: expected more than 9000 distinct passages'],
  ['embedding', ['--negatives', '500'], 2, '--negatives: expected a whole number from 1 to 200'],
  ['embedding', ['--guard_margin', '1'], 2, '--guard_margin: expected --guard'],
  ['embedding', ['--scores', 'guard'], 2, '--scores: expected --guard'],
  ['embedding', ['--guard', 'nowhere/else'], 1, 'nowhere/else'],
  ['colbert', ['--query_prompt', 'q: '], 2, '--query_prompt: expected an embedding model'],
  ['embedding', ['--passage_max_len', '4096'], 2, '--passage_max_len: expected'],
  ['embedding', ['--relative_margin', '-0.1'], 2, '--relative_margin: expected a number from 0'],
])('%s %j is refused and leaves nothing behind', async (model, flags, code, message) => {
  const run = await mine(model, 'refused.jsonl', '--offline', ...flags);
  expect(run.stderr).toContain(message);
  expect([run.code, run.stderr.trimEnd().split('\n').length]).toEqual([code, 1]);
  expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([]);
});
