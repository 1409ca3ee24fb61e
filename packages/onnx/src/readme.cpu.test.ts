import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as ops from './ops/index.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the example runs, and its two numbers agree', () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const output = execFileSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@rag/source', '--input-type=module', '-e', code],
    { cwd: folder, encoding: 'utf8' },
  );
  expect(output).toContain('Tanh(');
  const [, gradient, difference] = /gradient (\S+), finite difference (\S+)/.exec(output)!;
  expect(Number(gradient)).not.toBe(0);
  expect(Math.abs(Number(gradient) - Number(difference))).toBeLessThanOrEqual(0.002);
});

test('the table lists what the package exports', () => {
  const rows = readme.split('\n').filter((line) => /^\| .*ops\//.test(line));
  const listed = rows.flatMap((row) => [...row.split('|')[2]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  const table = ['opKey', 'opTable'];
  expect(listed.toSorted()).toEqual(
    Object.keys(ops)
      .filter((name) => !table.includes(name))
      .toSorted(),
  );
});
