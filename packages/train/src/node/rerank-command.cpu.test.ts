import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyRun } from '../testing/tiny-run.js';
import { runCommandLine } from './command-line.js';

let folder: string;
let model: string;
let val: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-rerank-'));
  const tiny = await writeTinyRun(folder);
  val = tiny.val;
  model = join(folder, 'out', 'model');
  const { code, stderr } = await rag(
    ...['train', 'reranker', '--model_name_or_path', tiny.model, '--init_from_config', '--dataset', tiny.val],
    ...['--output_dir', join(folder, 'out'), '--epochs', '1', '--threads', '1', '--log_interval', '5'],
  );
  expect([code, stderr]).toEqual([0, '']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function rag(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (chunks: string[]) =>
    new PassThrough().on('data', (chunk: Buffer) => void chunks.push(chunk.toString()));
  const code = await runCommandLine(args, { stdout: into(out), stderr: into(err) });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

test('rag rerank prints the passages by score, as the model class ranks them', async () => {
  const passages = ['天气很好', 'The heart pumps blood.', '血液循环是由心脏推动的'];
  const file = join(folder, 'passages.txt');
  await writeFile(file, `${passages.join('\r\n')}\r\n`);
  const query = '血液循环是谁发现的？';
  const flags = ['rerank', '--model', model, '--query', query, '--passages', file];
  const { stdout, code } = await rag(...flags);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const encoder = await CrossEncoder.fromPretrained(model);
  expect(rows).toEqual(await encoder.rerank(query, passages));
  encoder.dispose();
  expect(code).toBe(0);
  const best = await rag(...flags, '--top_k', '1', '--normalize', '--long_document', 'max-slice');
  const [one, ...rest] = best.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect([one.index, rest]).toEqual([rows[0].index, []]);
  expect(one.score).toBeGreaterThan(0);
  expect(one.score).toBeLessThan(1);
  const odd = await rag(...flags, '--long_document', 'middle');
  expect(odd).toMatchObject({
    code: 2,
    stderr: 'rag: --long_document: expected one of truncate, max-slice, got "middle"\n',
  });
});

test('passages as JSON lines are rows, not raw text, and keep their ids', async () => {
  const rows = [
    { _id: 'd7', title: '心脏', text: 'The heart pumps blood.' },
    { text: '天气很好', id: 3 },
    '血液循环是由心脏推动的',
  ];
  const texts = ['心脏 The heart pumps blood.', '天气很好', '血液循环是由心脏推动的'];
  const [lines, plain] = [join(folder, 'rows.jsonl'), join(folder, 'rows.txt')];
  await writeFile(lines, rows.map((row) => JSON.stringify(row)).join('\n'));
  await writeFile(plain, texts.join('\n'));
  const ask = ['rerank', '--model', model, '--query', '心脏', '--threads', '1', '--passages'];
  const parsed = async (file: string) =>
    (await rag(...ask, file)).stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const [fromRows, fromText] = [await parsed(lines), await parsed(plain)];
  expect(fromRows.map(({ id, ...row }) => row)).toEqual(fromText);
  expect(Object.fromEntries(fromRows.map(({ index, id }) => [index, id]))).toEqual({ 0: 'd7', 1: 3 });
});

test('rag eval reranker prints the metrics beside BM25 and chance', async () => {
  const { stdout, stderr } = await rag(
    'eval',
    'reranker',
    '--model',
    model,
    '--dataset',
    val,
    '--max_len',
    '32',
  );
  expect(stderr).toBe('');
  const [queries, header, ...systems] = stdout.trimEnd().split('\n');
  expect(queries).toMatch(/^6 queries, \d+ passages$/);
  expect(header).toMatch(/^ +mrr@10 +ndcg@10 +map$/);
  expect(systems.map((line) => line.split(' ')[0])).toEqual(['model', 'BM25', 'chance']);
});
