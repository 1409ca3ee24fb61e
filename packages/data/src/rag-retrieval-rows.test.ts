import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openDataset } from './dataset.js';
import { pointwise } from './examples.js';
import { openFile } from './node/index.js';

interface Golden {
  file: string;
  loader: string;
  labelKey: string | null;
  min: number;
  max: number;
  rows: number;
  labelSum: number;
  sha256: string;
}

const read = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const golden: Record<'small' | 't2rank', Golden[]> = JSON.parse(
  readFileSync(read('./fixtures/rag-retrieval-rows.json'), 'utf8'),
);

/** Counts and hashes the rows as scripts/golden/rag-retrieval-rows.py does. */
async function summarize(path: string, { labelKey, min, max }: Golden) {
  const dataset = await openDataset([await openFile(path)], pointwise(), {
    labelRange: { min, max },
    ...(labelKey !== null && { labelKey }),
  });
  const hash = createHash('sha256');
  const bits = Buffer.alloc(8);
  let labelSum = 0;
  for (let index = 0; index < dataset.length; index++) {
    const { query, content, label } = await dataset.example(index, 0);
    labelSum += label;
    bits.writeDoubleBE(label);
    hash.update(`${query}\0${content}\0${bits.toString('hex')}\n`);
  }
  await dataset.close();
  return { rows: dataset.length, labelSum, sha256: hash.digest('hex') };
}

const expected = ({ rows, labelSum, sha256 }: Golden) => ({ rows, labelSum, sha256 });

test.each(golden.small)("$file gives the rows of the originals' $loader loader", async (entry) => {
  expect(await summarize(read(`./fixtures/${entry.file}`), entry)).toEqual(expected(entry));
});

const t2rank = read('../../../../shared/data/t2rank/');

for (const entry of golden.t2rank) {
  test(`t2rank: ${entry.file} gives the rows of the originals' ${entry.loader} loader`, async ({ skip }) => {
    skip(!existsSync(t2rank), 'the t2rank rows are not beside this repository (../shared/data/t2rank)');
    expect(await summarize(`${t2rank}${entry.file}`, entry)).toEqual(expected(entry));
  });
}
