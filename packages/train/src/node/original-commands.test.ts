import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { originalCommands, wordsOf } from '../testing/original-commands.js';
import { originalData } from '../testing/original-data.js';
import { originalFiles, writeFiles } from '../testing/original-files.js';
import { runRag } from '../testing/run-rag.js';

let root: string;
const before = process.cwd();
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rag-originals-'));
  await writeFiles(root, { ...originalFiles, ...originalData() });
});
afterAll(async () => {
  process.chdir(before);
  await rm(root, { recursive: true, force: true });
});

const named = originalCommands.map((command) => [command.from, command] as const);
test.each(named)('%s: understood with rag before it', async (_, { line, folder }) => {
  await mkdir(join(root, folder), { recursive: true });
  process.chdir(join(root, folder));
  const { code, stdout, stderr } = await runRag(...wordsOf(line), '--print-config');
  expect(stderr).toMatch(/^running rag train (reranker|embedding|colbert)\n/);
  expect(code).toBe(0);
  // What it prints is the same run again.
  const [, , task] = stderr.split(/\s/, 4).slice(1);
  await writeFiles('.', { 'printed.yaml': stdout });
  const again = await runRag('train', task!, '--config', 'printed.yaml', '--print-config');
  expect([again.stderr, again.code]).toEqual(['', 0]);
  const values = (text: string) => text.replace(/ # .*$/gm, '');
  expect(values(again.stdout)).toBe(values(stdout));
});
