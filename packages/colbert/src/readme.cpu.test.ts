import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safetensorsBytes } from '@rag/models';
import { afterAll, expect, test, vi } from 'vitest';
import * as api from './index.js';
import { tinyEncoderFiles, tinyLinear, writeFiles } from './testing/directories.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const root = mkdtempSync(join(tmpdir(), 'colbert-readme-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the README's example runs on a checkpoint and prints what it says", async () => {
  const linear = { 'colbert_linear.safetensors': await safetensorsBytes(tinyLinear()) };
  await writeFiles(join(root, 'models/colbert'), await tinyEncoderFiles(linear));
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const statement = "import { ColBERT, packVectors } from '@rag/colbert';";
  expect(code).toContain(statement);
  const body = code.replace(statement, '').replaceAll("'models/", `root + '/models/`);
  const log = vi.fn();
  const run = new Function('ColBERT', 'packVectors', 'root', 'console', `return (async () => {${body}})()`);
  await run(api.ColBERT, api.packVectors, root, { log });
  const [best, next, sizes] = log.mock.calls;
  expect(Number(best![0])).toBeGreaterThanOrEqual(Number(next![0]));
  expect(new Set([best![1], next![1]]).size).toBe(2);
  expect(sizes).toEqual([6, 8]);
  expect(existsSync(join(root, 'models/copy/colbert_linear.pt'))).toBe(true);
});

test("the README's table names what there is", () => {
  const table = readme.slice(0, readme.indexOf('## Directories'));
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const members = new Set([
    ...Object.getOwnPropertyNames(api.ColBERT),
    ...Object.getOwnPropertyNames(api.ColBERT.prototype),
  ]);
  const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  expect(named.filter((name) => !members.has(name))).toEqual([]);
  expect(
    [...members].filter(
      (name) =>
        !named.includes(name) &&
        ![
          'length',
          'name',
          'prototype',
          'constructor',
          'golden',
          'toSave',
          'onnx',
          'fileParts',
          'stored',
        ].includes(name),
    ),
  ).toEqual([]);
});
