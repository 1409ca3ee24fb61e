import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyConfig as tinyEncoderConfig, tinyHead } from '../packages/embedding/src/testing/tiny.js';
import {
  tinyCheckpoint as tinyEncoder,
  writeFiles,
} from '../packages/embedding/src/testing/tiny-checkpoint.js';
import { tinyConfig } from '../packages/reranker/src/testing/tiny.js';
import { tinyCheckpoint } from '../packages/reranker/src/testing/tiny-checkpoint.js';
import { buildWordPieceVocabulary, wordPieceTokenizerJson } from '../packages/text/src/index.js';
import { type CodeBlock, parseReadme } from './readme.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const blocksOf = (name: string): CodeBlock[] =>
  parseReadme(readFileSync(join(root, 'docs', name), 'utf8')).blocks;

let folder: string;

// What the guide supposes: the command `rag`, two models, documents, questions.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rag-guide-'));
  const rows = readFileSync(join(root, 'example_data/reranker.train.jsonl'), 'utf8')
    .split('\n')
    .slice(0, 30)
    .map((line): { query: string; pos: string[]; neg: string[] } => JSON.parse(line));
  const texts = [...new Set(rows.flatMap(({ pos, neg }) => [...pos, ...neg]))];
  const vocabulary = buildWordPieceVocabulary([...texts, ...rows.map(({ query }) => query)], { size: 2000 });
  const sizes = { vocab_size: vocabulary.length, max_position_embeddings: 512 };
  const words = { 'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })) };
  const reranker = await tinyCheckpoint({ config: tinyConfig(sizes) });
  await writeFiles(join(folder, 'models/reranker'), { ...reranker, ...words });
  const head = { ...tinyHead, dense: [] };
  const embedding = await tinyEncoder({ config: tinyEncoderConfig(sizes), head });
  await writeFiles(join(folder, 'models/embedding'), { ...embedding, ...words });
  mkdirSync(join(folder, 'documents'));
  mkdirSync(join(folder, 'bin'));
  const rag = `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'packages/train/bin/rag.js')}" "$@"\n`;
  await writeFiles(folder, {
    'documents/one.md': texts.slice(0, 40).join('\n\n'),
    'documents/two.md': texts.slice(40).join('\n\n'),
    'questions.jsonl': rows.map(({ query, pos }) => `${JSON.stringify({ query, pos })}\n`).join(''),
  });
  writeFileSync(join(folder, 'bin/rag'), rag, { mode: 0o755 });
});

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('the guide is the same in both languages', () => {
  const code = (name: string) => blocksOf(name).map(({ language, code: text }) => [language, text]);
  expect(code('guide.zh-CN.md')).toEqual(code('guide.md'));
});

it('every block of the guide runs, in its order', { timeout: 600_000 }, async () => {
  const port = String(await freePort());
  const commands: string[] = [];
  for (const { language, code } of blocksOf('guide.md')) {
    const [kind, file] = language.split(' ');
    if (kind === 'sh') commands.push(code);
    else writeFileSync(join(folder, file!), code.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`));
  }
  expect(commands).toHaveLength(10);
  const script = commands.join('\n').replace('--port 3000', `--port ${port}`);
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  });
  expect(stdout).toMatch(/^\d+ passages$/m);
  expect(stdout).toMatch(/^final model: output\/reranker\/model$/m);
  expect(stdout).toMatch(/^-?\d+\.\d{3} (The moon is lit by the sun|A cat sat in the sun)\.$/m);
  for (const page of ['compare.html', 'report.html'])
    expect(readFileSync(join(folder, page), 'utf8')).toMatch(/^<!doctype html>/i);
  expect(readFileSync(join(folder, 'dev.jsonl'), 'utf8').trim().split('\n').length).toBeGreaterThan(2);
});
