import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimPartial } from './hub-partial.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'partial-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hoursAgo = (path: string, hours: number) => {
  const then = new Date(Date.now() - hours * 3_600_000);
  return utimes(path, then, then);
};

test('what this process or a dead one of this machine left is taken over, the longest first', async () => {
  const blob = join(folder, 'abc');
  const own = await claimPartial(blob);
  expect(await readdir(folder)).toEqual([]);
  await writeFile(own, 'short');
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const dead = own.replace(`-${process.pid}.`, `-${child.pid}.`);
  await writeFile(dead, 'longer one');
  expect(await claimPartial(blob)).toBe(own);
  expect(await readFile(own, 'utf8')).toBe('longer one');
  expect(await readdir(folder)).toHaveLength(1);
});

test('what a running process writes is left alone', async () => {
  const blob = join(folder, 'abc');
  const own = await claimPartial(blob);
  await writeFile(own, 'x');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  try {
    const other = own.replace(`-${process.pid}.`, `-${child.pid}.`);
    await rename(own, other);
    await claimPartial(blob);
    expect(await readFile(other, 'utf8')).toBe('x');
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});

test('those of Python and of other machines after an hour of silence; other blobs’ never', async () => {
  const blob = join(folder, 'abc');
  const names = [
    'abc.incomplete',
    'abc.1a2b3c4d.incomplete',
    'abc.00000000-1.incomplete',
    'abcd.incomplete',
    'abc',
  ];
  for (const name of names) await writeFile(join(folder, name), name);
  await claimPartial(blob);
  expect((await readdir(folder)).sort()).toEqual([...names].sort());
  for (const name of names) await hoursAgo(join(folder, name), 2);
  const own = await claimPartial(blob);
  expect(await readFile(own, 'utf8')).toBe('abc.00000000-1.incomplete');
  expect((await readdir(folder)).sort()).toEqual(
    ['abc', own.slice(folder.length + 1), 'abcd.incomplete'].sort(),
  );
});
