import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkAlignment, openDataset, openTeacherVectors, texts } from '@rag/data';
import { openFile } from '@rag/data/node';
import { Embedding } from '@rag/embedding';
import { readSafetensorsHeader, readTensor } from '@rag/models';
import { directorySource } from '@rag/models/node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';

/** What the tests do between two windows: what is kept then does not depend on how fast the machine is. */
let afterCommit: (() => void) | undefined;
vi.mock('./unfinished-file.js', async (actual) => {
  const { openUnfinishedFile } = await actual<typeof import('./unfinished-file.js')>();
  return {
    openUnfinishedFile: async (...given: Parameters<typeof openUnfinishedFile>) => {
      const file = await openUnfinishedFile(...given);
      const commit = async (note: string) => {
        await file.commit(note);
        afterCommit?.();
      };
      return { ...file, commit };
    },
  };
});

const input = exampleData('texts.jsonl');
let folder: string;
let model: string;
let expected: Float32Array[];
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-encode-'));
  const { model: config } = await writeTinyRun(folder);
  model = await writeTinyEmbedding(config, at('embedding'), { query: 'query: ' });
  const opened = await Embedding.fromPretrained(model, { threads: 1 });
  expected = await opened.encode(await inputTexts());
  opened.dispose();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const inputTexts = async () =>
  (await readFile(input, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line): { text?: string; query?: string; prompt_for_query?: string } => JSON.parse(line))
    .map((row) => (row.prompt_for_query ?? '') + (row.text ?? row.query));

const encode = (output: string, ...flags: string[]) =>
  runRag('encode', '--model', model, '--threads', '1', '--input', input, '--output', at(output), ...flags);

test.each(['npy', 'ragvec'])('%s holds the vectors of Embedding.encode, in order', async (format) => {
  const { code, stdout, stderr } = await encode(`plain.${format}`);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    new RegExp(`^\\S+: ${expected.length} vectors of 32 elements \\(${format}\\), \\S+ rows/s\\n$`),
  );
  const vectors = await openTeacherVectors(await openFile(at(`plain.${format}`)), { rows: expected.length });
  const rows = await vectors.read(Array.from(expected.keys()));
  for (const [i, vector] of expected.entries()) expect(rows.slice(i * 32, (i + 1) * 32)).toEqual(vector);
  // What distillation checks before it learns from them.
  const dataset = await openDataset([await openFile(input)], texts());
  expect(await checkAlignment(vectors, dataset)).toBe(format === 'ragvec' ? 'hashes' : 'count');
  await vectors.close();
  await dataset.close();
});

test('safetensors and JSON lines hold them too', async () => {
  await encode('plain.safetensors');
  const source = await directorySource(folder);
  const { tensors } = await readSafetensorsHeader(source, 'plain.safetensors');
  const tensor = await readTensor(source, tensors.get('vectors')!);
  expect([...tensor]).toEqual(expected.flatMap((vector) => [...vector]));
  await encode('out', '--format', 'jsonl');
  const lines = (await readFile(at('out'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => Float32Array.from(JSON.parse(line).vector))).toEqual(expected);
});

test('prompts, widths and lengths are those of Embedding.encode', async () => {
  const opened = await Embedding.fromPretrained(model, { threads: 1 });
  const options = { promptName: 'query', dim: 8, normalize: true, maxLength: 10, batchSize: 3 };
  const wanted = await opened.encode(await inputTexts(), options);
  opened.dispose();
  const flags = [
    '--prompt_name',
    'query',
    '--dim',
    '8',
    '--normalize',
    '--max_len',
    '10',
    '--batch_size',
    '3',
  ];
  expect(await encode('short.jsonl', ...flags)).toMatchObject({ code: 0, stderr: '' });
  const lines = (await readFile(at('short.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => Float32Array.from(JSON.parse(line).vector))).toEqual(wanted);
});

test('worker threads change nothing in the file', async () => {
  expect(await encode('here.npy')).toMatchObject({ code: 0 });
  expect(await encode('there.npy', '--tokenizer_workers', '2')).toMatchObject({ code: 0, stderr: '' });
  expect((await readFile(at('there.npy'))).equals(await readFile(at('here.npy')))).toBe(true);
  const { code, stderr } = await encode('no.npy', '--tokenizer_workers', '-1');
  expect(code).not.toBe(0);
  expect(stderr).toContain('--tokenizer_workers: expected');
});

test('several files, plain text, ids', async () => {
  await writeFile(at('a.txt'), '月亮\n心脏\n');
  await writeFile(at('b.txt'), 'heart\n');
  await runRag(
    ...['encode', '--model', model, '--input', at('a.txt'), at('b.txt'), '--output', at('t.jsonl')],
  );
  await writeFile(
    at('rows.jsonl'),
    ['月亮', '心脏', 'heart'].map((body, i) => JSON.stringify({ id: `r${i}`, body })).join('\n'),
  );
  const flags = ['--input', at('rows.jsonl'), '--field', 'body', '--output', at('r.jsonl')];
  expect(await runRag('encode', '--model', model, ...flags)).toMatchObject({ code: 0 });
  const read = async (name: string): Promise<{ id?: string; vector: number[] }[]> =>
    (await readFile(at(name), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const [plain, rows] = [await read('t.jsonl'), await read('r.jsonl')];
  expect(rows.map(({ id }) => id)).toEqual(['r0', 'r1', 'r2']);
  expect(plain).toEqual(rows.map(({ vector }) => ({ vector })));
});

test('what cannot be done is one line, and nothing is left behind', async () => {
  await writeFile(at('bad.jsonl'), '{"text":"a"}\n{"text":3}\n');
  const failures: [string[], string][] = [
    [
      ['--input', at('bad.jsonl'), '--output', at('x.npy')],
      `${at('bad.jsonl')}:2: expected "text" to be a string`,
    ],
    [
      ['--input', at('none.jsonl'), '--output', at('x.npy')],
      'none.jsonl: expected a file, got nothing at this path',
    ],
    [
      ['--input', input, '--output', at('x.bin')],
      '--output: expected a name in .npy, .safetensors, .jsonl, .ragvec',
    ],
    [['--input', input, at('a.txt'), '--output', at('x.npy')], '--input: expected files of one kind, got'],
    [
      ['--input', at('x.dat'), '--output', at('x.npy')],
      '--input: expected a name in .jsonl, .ndjson or .txt, got',
    ],
    [
      ['--input', input, '--output', at('x.npy'), '--dim', '99'],
      'rag: --dim: expected a whole number from 1 to 32, got 99 — leave it out to keep the whole vector',
    ],
    [
      ['--input', input, '--output', at('x.npy'), '--format', 'csv'],
      '--format: expected one of npy, safetensors',
    ],
    [
      ['--input', input, '--output', at('x.npy'), '--prompt_name', 'no'],
      "rag: --prompt_name: expected one of the model's",
    ],
    [
      ['--input', input, '--output', at('x.npy'), '--max_len', '99999'],
      'rag: --max_len: expected an integer from 3 to 64',
    ],
    [['--input', input, '--output', at('no/x.npy')], `got none of the name ${at('no')}`],
    [
      ['--input', input, '--output', at('plain.npy')],
      'plain.npy: expected no file yet, got one — pass --overwrite',
    ],
  ];
  for (const [flags, message] of failures) {
    const { code, stdout, stderr } = await runRag('encode', '--model', model, ...flags);
    expect([code, stdout]).toEqual([/(bad|none)\.jsonl/.test(message) ? 1 : 2, '']);
    expect(stderr).toMatch(/^rag: [^\n]*\n$/);
    expect(stderr).toContain(message);
  }
  expect((await readdir(folder)).filter((name) => /^x|partial|progress/.test(name))).toEqual([]);
});

test('a run that SIGINT stops says how to go on, and refuses another model', async () => {
  const lines = Array.from({ length: 3_000 }, (_, i) => JSON.stringify({ text: `月亮 ${i} 心脏` }));
  await writeFile(at('many.jsonl'), `${lines.join('\n')}\n`);
  const flags = ['--input', at('many.jsonl'), '--output', at('many.npy'), '--threads', '1'];
  const listeners = process.listenerCount('SIGINT');
  // As soon as the first window is kept, which it is at once.
  afterCommit = () => {
    afterCommit = undefined;
    process.emit('SIGINT');
  };
  const stopped = await runRag('encode', '--model', model, ...flags);
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toMatch(
    /^rag: \S+many\.npy: interrupted — 1,024 rows are kept, the same command goes on from there\n$/,
  );
  expect(process.listenerCount('SIGINT')).toBe(listeners);

  await appendFile(join(model, 'config.json'), '\n');
  const other = await runRag('encode', '--model', model, ...flags);
  expect(other.stderr).toMatch(
    /many\.npy\.progress\.json: expected model "[0-9a-f]{16}", with which the file/,
  );
  const config = await readFile(join(model, 'config.json'), 'utf8');
  await writeFile(join(model, 'config.json'), config.slice(0, -1));

  const { code, stdout } = await runRag('encode', '--model', model, ...flags);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /many\.npy: going on behind 1,024 rows of an earlier run\n.*3,000 vectors of 32 elements/,
  );
  const again = ['--input', at('many.jsonl'), '--output', at('whole.npy'), '--threads', '1'];
  await runRag('encode', '--model', model, ...again);
  expect((await readFile(at('many.npy'))).equals(await readFile(at('whole.npy')))).toBe(true);
});
