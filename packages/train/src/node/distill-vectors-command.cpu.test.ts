import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkAlignment, openTeacherVectors } from '@rag/data';
import { openFile } from '@rag/data/node';
import { Embedding } from '@rag/embedding';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';
import { distillVectors } from './distill-vectors.js';
import { openUnfinishedFile } from './unfinished-file.js';

let folder: string;
let teachers: [string, string];
const input = exampleData('texts.jsonl');
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-vectors-'));
  const { model: config } = await writeTinyRun(folder);
  teachers = [
    await writeTinyEmbedding(config, at('one')),
    await writeTinyEmbedding(config, at('two'), { document: 'passage: ' }),
  ];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const vectors = (output: string, ...flags: string[]) =>
  runRag(
    'distill',
    'vectors',
    '--teachers',
    ...teachers,
    '--input',
    input,
    '--output',
    at(output),
    '--threads',
    '1',
    ...flags,
  );

test('the vectors of two teachers, weighted, side by side, and what they are in a manifest', async () => {
  const made = await vectors('joined.memmap', '--weights', '3', '4', '--prompts', '', 'passage: ');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toContain(
    `train with --train_dataset_vec ${at('joined.memmap')} --teacher_embedding_dim 64`,
  );
  const bytes = await readFile(at('joined.memmap'));
  const written = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  expect(written).toHaveLength(20 * 64);
  const texts = (await readFile(input, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ query, prompt_for_query: prompt = '' }) => prompt + query);
  const model = await Embedding.fromPretrained(teachers[0]);
  const [first, second] = [await model.encode(texts), await model.encode(texts, { prompt: 'passage: ' })];
  model.dispose();
  const unit = (vector: Float32Array) => vector.map((value) => value / Math.hypot(...vector));
  for (let row = 0; row < 20; row++) {
    const expected = [...unit(first[row]!).map((v) => 0.6 * v), ...unit(second[row]!).map((v) => 0.8 * v)];
    for (const [i, value] of expected.entries()) expect(written[row * 64 + i]).toBeCloseTo(value, 5);
  }
  const manifest = JSON.parse(await readFile(at('joined.memmap.json'), 'utf8'));
  const fingerprint = expect.stringMatching(/^[0-9a-f]{16}$/);
  expect(manifest).toEqual({
    ...{ version: 1, format: 'memmap', dtype: 'float32', rows: 20, dim: 64 },
    teachers: [
      { model: teachers[0], fingerprint, dim: 32, weight: 3, prompt: '' },
      { model: teachers[1], fingerprint, dim: 32, weight: 4, prompt: 'passage: ' },
    ],
    texts: [input],
    texts_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('of .ragvec each vector keeps the hash of its text', async () => {
  expect((await vectors('joined.ragvec')).code).toBe(0);
  const opened = await openTeacherVectors(await openFile(at('joined.ragvec')));
  const lines = (await readFile(input, 'utf8')).trimEnd().split('\n');
  const example = async (row: number) => {
    const { query, prompt_for_query: prompt = '' } = JSON.parse(lines[row]!);
    return { at: { file: 'in', line: row + 1 }, text: `${prompt}${query}`, row };
  };
  expect(await checkAlignment(opened, { length: 20, example })).toBe('hashes');
  await opened.close();
});

test('stopped, it goes on and ends in the same bytes; texts that changed meanwhile are no end', async () => {
  const rows = Array.from({ length: 2_100 }, (_, i) => JSON.stringify({ text: `月亮 ${i}` }));
  await writeFile(at('many.jsonl'), `${rows.join('\n')}\n`);
  const options = { input: [at('many.jsonl')], teachers: [{ model: teachers[0] }], threads: 1 };
  await distillVectors({ ...options, output: at('whole.memmap') });
  const stop = new AbortController();
  const onProgress = ({ rows }: { rows: number }) => {
    if (rows > 1_100) stop.abort(new Error('enough'));
  };
  const stopped = distillVectors({ ...options, output: at('parts.memmap'), signal: stop.signal, onProgress });
  await expect(stopped).rejects.toThrow('1,024 rows are kept, the same command goes on from there');
  const said: string[] = [];
  const done = await distillVectors({
    ...options,
    output: at('parts.memmap'),
    say: (line) => void said.push(line),
  });
  expect(said).toEqual([`${at('parts.memmap')}: going on behind 1,024 rows of an earlier run`]);
  expect(await readFile(at('parts.memmap'))).toEqual(await readFile(at('whole.memmap')));
  expect(done.dim).toBe(32);

  let isChanged = false;
  const change = distillVectors({
    ...options,
    output: at('changed.memmap'),
    onProgress: () => {
      if (!isChanged) writeFileSync(at('many.jsonl'), `${rows.join('\n').replace('月亮 7', '月球 7')}\n`);
      isChanged = true;
    },
  });
  await expect(change).rejects.toThrow(/not the same — pass --overwrite/);
  await expect(readFile(at('changed.memmap'))).rejects.toThrow('ENOENT');
  expect((await openUnfinishedFile(at('changed.memmap'))).name).toBe(at('changed.memmap'));
});

test.each([
  [['--weights', '1'], /--weights: expected 2, one per teacher, got 1/],
  [['--weights', '1', '0'], /--weights: expected numbers above 0, got "0"/],
  [['--prompts', 'a', 'b', 'c'], /--prompts: expected 2, one per teacher, got 3/],
])('%j', async (flags, message) => {
  const { code, stderr } = await vectors('never.npy', ...flags);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
