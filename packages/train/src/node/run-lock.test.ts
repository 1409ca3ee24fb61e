import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processStart } from './process-start.js';
import { LOCK_FILE, lockRun } from './run-lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const holder = (part: object) =>
  writeFile(
    join(folder, LOCK_FILE),
    JSON.stringify({ ...{ pid: process.pid, host: hostname(), started: 'then', token: 't' }, ...part }),
  );

test('one run at a time holds a directory, and leaves nothing behind', async () => {
  const release = await lockRun(folder);
  expect(await readdir(folder)).toEqual([LOCK_FILE]);
  await expect(lockRun(folder)).rejects.toThrow(
    `expected a directory that no run writes to, got ${folder}, which process ${process.pid} on ${hostname()} holds — choose another`,
  );
  await release();
  expect(await readdir(folder)).toEqual([]);
  await (await lockRun(folder))();
});

test('of many that want it at once, one has it', async () => {
  await holder({ started: 'before the last boot' });
  // Who took it over died before the lock had its name.
  const first = await readFile(join(folder, LOCK_FILE), 'utf8');
  const after = createHash('sha256').update(first).digest('hex').slice(0, 16);
  await writeFile(join(folder, `${LOCK_FILE}.${after}`), first.replace('"t"', '"u"'));
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
  const won = all.filter(({ status }) => status === 'fulfilled');
  expect(won).toHaveLength(1);
  expect(await readdir(folder)).toEqual([LOCK_FILE]);
});

test.each([
  ['a process that began at another time', () => holder({})],
  ['a process that is gone', () => holder({ pid: 2 ** 22 + 1 })],
  ['half a text', () => writeFile(join(folder, LOCK_FILE), '{"pid":')],
])('%s holds no lock', async (_, prepare) => {
  await prepare();
  const release = await lockRun(folder);
  const { pid, started } = JSON.parse(await readFile(join(folder, LOCK_FILE), 'utf8'));
  expect([pid, started]).toEqual([process.pid, await processStart(process.pid)]);
  // What another took meanwhile is not ours to give back.
  await holder({ host: 'elsewhere' });
  await release();
  expect(await readdir(folder)).toEqual([LOCK_FILE]);
});

test('a process of another host is not known to be gone', async () => {
  await holder({ host: 'elsewhere' });
  await expect(lockRun(folder)).rejects.toThrow(
    `on elsewhere holds — choose another, or wait for its end; if that process is gone, delete ${join(folder, LOCK_FILE)}`,
  );
});

test('a directory that cannot be written is said to be', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(lockRun(join(folder, 'file', 'out'))).rejects.toThrow(
    /output_dir: expected a directory that can be written, got .*file.out \(E.* — choose another/,
  );
});
