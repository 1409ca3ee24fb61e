import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRun } from './trec-files.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-trec-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a run is written whole or not at all', async () => {
  const run = new Map([
    [
      'q1',
      new Map([
        ['a', 0.5],
        ['b', 0.75],
      ]),
    ],
    ['q2', new Map([['a', 1]])],
  ]);
  await writeRun(join(folder, 'r.run'), run, 'tiny');
  expect(await readFile(join(folder, 'r.run'), 'utf8')).toBe(
    'q1 Q0 b 1 0.75 tiny\nq1 Q0 a 2 0.5 tiny\nq2 Q0 a 1 1 tiny\n',
  );
  const odd = new Map([...run, ['q 3', new Map([['a', 1]])]]);
  await expect(writeRun(join(folder, 's.run'), odd, 'tiny')).rejects.toThrow('query id expected no blanks');
  expect(await readdir(folder)).toEqual(['r.run']);
  await expect(writeRun(join(folder, 'none', 'r.run'), run, 'tiny')).rejects.toThrow(
    'expected a file that can be written, got ENOENT — make its folder',
  );
});
