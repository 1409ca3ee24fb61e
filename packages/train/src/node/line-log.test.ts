import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLineLog } from './line-log.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const linesOf = async (path: string) => {
  const log = await openLineLog(path);
  const lines = [];
  for await (const line of log.lines()) lines.push(line);
  await log.close();
  return lines;
};

test('lines are there when it is opened again, in order, those of calls that overlap whole', async () => {
  const path = join(folder, 'new');
  const log = await openLineLog(path);
  await Promise.all(Array.from({ length: 20 }, (_, i) => log.append([`${i} 月`.repeat(50), `${i} b`])));
  await log.append([]);
  await log.close();
  const lines = await linesOf(path);
  expect(lines).toHaveLength(40);
  for (let i = 0; i < 20; i++)
    expect(lines).toEqual(expect.arrayContaining([`${i} 月`.repeat(50), `${i} b`]));
});

test('what a crash left of a last line is cut off, at any byte', async () => {
  const path = join(folder, 'torn');
  const whole = Buffer.from('{"a":1}\n{"月":2}\n');
  for (let size = 0; size <= whole.length; size++) {
    await writeFile(path, whole.subarray(0, size));
    const kept = [8, whole.length].filter((end) => end <= size).length;
    expect(await linesOf(path)).toHaveLength(kept);
    const log = await openLineLog(path);
    await log.append(['next']);
    await log.close();
    expect((await readFile(path, 'utf8')).endsWith('next\n')).toBe(true);
    expect(await linesOf(path)).toHaveLength(kept + 1);
  }
  await writeFile(path, `{}\n${'x'.repeat(200_000)}`);
  expect(await linesOf(path)).toEqual(['{}']);
});

test('a place that is none', async () => {
  await expect(openLineLog(join(folder, 'no', 'where'))).rejects.toThrow(
    /expected a file that can be read and written, got one in a folder that does not exist/,
  );
  await expect(openLineLog(folder)).rejects.toThrow(/EISDIR/);
});
