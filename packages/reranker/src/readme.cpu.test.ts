import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import * as api from './index.js';
import { tinyCheckpoint, writeFiles } from './testing/tiny-checkpoint.js';
import * as training from './training/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const root = mkdtempSync(join(tmpdir(), 'reranker-readme-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the README's example runs on a checkpoint and prints what it says", async () => {
  await writeFiles(join(root, 'models/bge-reranker-base'), await tinyCheckpoint());
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const statement = "import { CrossEncoder } from '@rag/reranker';";
  expect(code).toContain(statement);
  const body = code.replace(statement, '').replaceAll("'models/", `root + '/models/`);
  const log = vi.fn();
  const run = new Function('CrossEncoder', 'root', 'console', `return (async () => {${body}})()`);
  await run(api.CrossEncoder, root, { log });
  const [best, next, probabilities] = log.mock.calls;
  expect(Number(best![0])).toBeGreaterThanOrEqual(Number(next![0]));
  expect(new Set([best![1], next![1]]).size).toBe(2);
  for (const value of probabilities!) expect(value > 0 && value < 1).toBe(true);
  expect(existsSync(join(root, 'models/copy/model.safetensors'))).toBe(true);
});

test("the README's table names what there is", () => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
  const members = new Set([
    ...Object.keys(api),
    ...Object.getOwnPropertyNames(api.CrossEncoder),
    ...Object.getOwnPropertyNames(api.CrossEncoder.prototype),
    ...Object.getOwnPropertyNames(Object.getPrototypeOf(api.CrossEncoder.prototype)),
  ]);
  const named = rows
    .slice(0, -1)
    .flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  expect(named.filter((name) => !members.has(name))).toEqual([]);
  expect(named).toContain('computeScore');
  const exported = [
    ...rows
      .at(-1)!
      .split('|')[2]!
      .matchAll(/`(\w+)`/g),
  ].map(([, name]) => name!);
  expect(exported.toSorted()).toEqual(Object.keys(training).toSorted());
});
