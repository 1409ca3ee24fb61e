import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { contrastive } from './contrastive.js';
import { openDataset } from './dataset.js';
import { openFile } from './node/index.js';
import { scoredLists } from './scored-lists.js';
import { texts } from './texts.js';

interface Golden {
  file: string;
  loader: 'pair' | 'triplet' | 'scored' | 'text';
  negNums: number | null;
  rows: number;
  scoreSum: number;
  sha256: string;
}

const read = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const golden: Record<'small' | 't2rank', Golden[]> = JSON.parse(
  readFileSync(read('./fixtures/rag-retrieval-embedding-rows.json'), 'utf8'),
);

/** The flattened rows of a file: texts, and a score where the loader gives one. */
async function rowsOf(path: string, { loader, negNums }: Golden, epoch: number) {
  const sources = [await openFile(path)];
  const collect = async <E>(
    opening: ReturnType<typeof openDataset<E>>,
    row: (example: E) => [string[], number?],
  ) => {
    const dataset = await opening;
    const rows: [string[], number?][] = [];
    for (let i = 0; i < dataset.length; i++) rows.push(row(await dataset.example(i, epoch)));
    await dataset.close();
    return rows;
  };
  // By bytes, as the script sorts: JavaScript's own order differs beyond U+FFFF.
  const sorted = (list: readonly string[]) =>
    [...list].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (loader === 'scored') {
    return collect(openDataset(sources, scoredLists({ compat: true })), ({ query, contents, scores }) => [
      [query, ...contents],
      scores[0]!,
    ]);
  }
  if (loader === 'text') {
    return collect(openDataset(sources, texts({ compat: true })), ({ text }) => [[text]]);
  }
  const maker = contrastive({ negatives: negNums ?? 0, seed: 666 });
  return collect(openDataset(sources, maker), ({ query, positive, negatives }) => [
    [query, positive, ...sorted(negatives)],
  ]);
}

/** Counts and hashes the rows as scripts/golden/rag-retrieval-embedding-rows.py does. */
async function summarize(path: string, entry: Golden, epoch: number) {
  const rows = await rowsOf(path, entry, epoch);
  const hash = createHash('sha256');
  const bits = Buffer.alloc(8);
  let scoreSum = 0;
  for (const [parts, score] of rows) {
    scoreSum += score ?? 0;
    if (score !== undefined) bits.writeDoubleBE(score);
    hash.update(`${[...parts, ...(score === undefined ? [] : [bits.toString('hex')])].join('\0')}\n`);
  }
  return { rows: rows.length, scoreSum, sha256: hash.digest('hex') };
}

const expected = ({ rows, scoreSum, sha256 }: Golden) => ({ rows, scoreSum, sha256 });
const title = ({ file, loader, negNums }: Golden) =>
  `${file} gives the rows of the originals' ${loader} loader${negNums === null ? '' : `, neg_nums ${negNums}`}`;

for (const entry of golden.small) {
  test(title(entry), async () => {
    for (const epoch of [0, 1]) {
      expect(await summarize(read(`./fixtures/${entry.file}`), entry, epoch)).toEqual(expected(entry));
    }
  });
}

const t2rank = read('../../../../shared/data/t2rank/');

for (const entry of golden.t2rank) {
  test(`t2rank: ${title(entry)}`, async ({ skip }) => {
    skip(!existsSync(t2rank), 'the t2rank rows are not beside this repository (../shared/data/t2rank)');
    expect(await summarize(`${t2rank}${entry.file}`, entry, 0)).toEqual(expected(entry));
  });
}

test('t2rank: draws of an epoch repeat, and differ between epochs', async ({ skip }) => {
  skip(!existsSync(t2rank), 'the t2rank rows are not beside this repository (../shared/data/t2rank)');
  const entry = { ...golden.t2rank[0]!, negNums: 7 };
  const hash = async (epoch: number) => (await summarize(`${t2rank}${entry.file}`, entry, epoch)).sha256;
  expect(await hash(3)).toBe(await hash(3));
  expect(await hash(3)).not.toBe(await hash(4));
});
