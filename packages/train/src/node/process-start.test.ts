import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { processStart } from './process-start.js';

test('a process has one beginning, another has another, and one that is gone has none', async () => {
  const own = await processStart(process.pid);
  expect(await processStart(process.pid)).toBe(own);
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  await once(child, 'spawn');
  const other = await processStart(child.pid!);
  expect(other).toBeDefined();
  if (process.platform === 'linux') expect(new Set([own, other, '']).size).toBe(3);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  expect(await processStart(child.pid!)).toBeUndefined();
});
