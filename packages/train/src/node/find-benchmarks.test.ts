import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBenchmarks } from './find-benchmarks.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-benchmarks-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), '');
  }
}
const beir = (name: string) => [`${name}/corpus.jsonl`, `${name}/queries.jsonl`, `${name}/qrels/test.tsv`];

test('collections and samples by their files, in the order of their names', async () => {
  await write(...beir('nfcorpus'), 'askubuntu.jsonl', 'mind/test.jsonl', 'README.md', '.cache/x');
  const found = await findBenchmarks(folder, 'test');
  expect(found.map(({ name, layout }) => `${name} ${layout}`)).toEqual([
    'askubuntu mteb',
    'mind mteb',
    'nfcorpus beir',
  ]);
  expect(await findBenchmarks(join(folder, 'nfcorpus'), 'test')).toEqual([found[2]]);
});

test.each([
  [['a/corpus.jsonl', 'a/qrels/dev.tsv'], 'got no queries.jsonl, no qrels/test.tsv — add what is missing'],
  [['a/notes.txt'], 'or test.jsonl of {query, positive, negative} (MTEB reranking), got notes.txt — move it'],
  [['a/data.parquet'], 'got data.parquet — write out as JSON lines data.parquet'],
  [['a/test.jsonl.gz'], 'got test.jsonl.gz — unpack test.jsonl.gz'],
  [[], 'got an empty folder'],
])('%j', async (paths, message) => {
  await write(...paths);
  await expect(findBenchmarks(folder, 'test')).rejects.toThrow(message);
});

test('a folder that is none', async () => {
  await expect(findBenchmarks(join(folder, 'x'), 'test')).rejects.toThrow(
    '--folder: expected a folder of benchmarks, got nothing',
  );
});
