import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import * as api from './index.js';
import { tinyCheckpoint, writeFiles } from './testing/tiny-checkpoint.js';
import * as training from './training/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const root = mkdtempSync(join(tmpdir(), 'embedding-readme-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the README's example runs on a directory and prints what it says", async () => {
  const files = await tinyCheckpoint({ settings: { prompts: { query: 'query : ' } } });
  await writeFiles(join(root, 'models/bge-base-en-v1.5'), files);
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const statement = "import { Embedding } from '@rag/embedding';";
  expect(code).toContain(statement);
  const body = code.replace(statement, '').replaceAll("'models/", `root + '/models/`);
  const log = vi.fn();
  const run = new Function('Embedding', 'root', 'console', `return (async () => {${body}})()`);
  await run(api.Embedding, root, { log });
  const [first, ...others] = log.mock.calls;
  expect(code).toContain(first![0]);
  expect(first![1]).toBe(8);
  expect(others).toEqual([[4], [4], [4]]);
  expect(existsSync(join(root, 'models/copy/1_Pooling/config.json'))).toBe(true);
});

test("the README's table names what there is", () => {
  const members = new Set([
    ...Object.keys(api),
    ...Object.getOwnPropertyNames(api.Embedding),
    ...Object.getOwnPropertyNames(api.Embedding.prototype),
  ]);
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows
    .slice(0, -1)
    .flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  expect(named.filter((name) => !members.has(name))).toEqual([]);
  expect(named).toContain('encodePassages');
  const exported = [
    ...rows
      .at(-1)!
      .split('|')[2]!
      .matchAll(/`(\w+)`/g),
  ].map(([, name]) => name!);
  expect(exported.toSorted()).toEqual(Object.keys(training).toSorted());
});
