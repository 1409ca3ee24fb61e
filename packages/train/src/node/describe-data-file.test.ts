import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeDataFile } from './describe-data-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'describe-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['', 0],
  ['\n \n\t\r\n', 0],
  ['{}', 1],
  ['{}\n', 1],
  ['{}\r\n\n {}\n  ', 2],
  // Lines across the reads of a mebibyte, and a newline that ends one.
  [`${'x'.repeat(1 << 20)}y\n${' '.repeat(1 << 20)}\nz`, 2],
  [`${'x'.repeat((1 << 20) - 1)}\ny\n`, 2],
])('rows are lines that are not blank: case %#', async (text, rows) => {
  const path = join(folder, 'rows.jsonl');
  await writeFile(path, text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const common = { file: 'rows.jsonl', bytes: Buffer.byteLength(text), sha256 };
  expect(await describeDataFile(path, 'rows')).toEqual({ ...common, rows });
  expect(await describeDataFile(path, 'vectors')).toEqual(common);
});

test('a file that is gone is an error', async () => {
  await expect(describeDataFile(join(folder, 'none'), 'rows')).rejects.toThrow('ENOENT');
});
