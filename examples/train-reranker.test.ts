import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { inverseCloze, type Row } from './warm-up-rows.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const tsx = createRequire(import.meta.url).resolve('tsx/cli');
const seed = 424_242;
const output = new URL(`output/seed-${seed}/`, import.meta.url);
afterAll(() => rmSync(output, { recursive: true, force: true }));

it('runs from nothing to a saved model that reranks', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      tsx,
      '--conditions=@rag/source',
      'train-reranker.ts',
      '--seed',
      String(seed),
      '--share',
      '0.02',
      '--query',
      '心脏为什么会跳',
    ],
    { cwd: here },
  );
  expect(stdout).toMatch(/40 held-out queries on other topics/);
  for (const system of ['untrained', 'warmed up', 'fine-tuned', 'BM25', 'chance'])
    expect(stdout).toMatch(new RegExp(`${system} .*\\d\\.\\d{3} \\[\\d\\.\\d{3}, \\d\\.\\d{3}\\]`));
  expect(stdout.split('心脏为什么会跳')[1]!.match(/^ {2,}-?\d+\.\d{2} {2}\S/gm)).toHaveLength(3);
  expect(existsSync(new URL('reranker/model/model.safetensors', output))).toBe(true);
});

it('makes rows whose query is a part of the positive, the same for the same seed', () => {
  const rows: Row[] = [
    {
      query: 'q',
      pos: ['The moon shines because it reflects light that comes from the sun'],
      neg: ['A comet has a tail of dust and gas'],
    },
    { query: 'q', pos: ['月亮本身不发光，它反射太阳的光'], neg: ['彗星有一条由尘埃和气体组成的尾巴'] },
  ];
  const options = { count: 40, negatives: 1, shortest: 6, longest: 9, seed: 5 };
  const made = [...inverseCloze(rows, options)];
  expect([...inverseCloze(rows, options)]).toEqual(made);
  expect(made).not.toEqual([...inverseCloze(rows, { ...options, seed: 6 })]);
  for (const { query, pos, neg } of made) {
    expect(query).not.toBe('');
    expect(neg).toHaveLength(1);
    const letters = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]/gu));
    for (const letter of letters(query)) expect(letters(pos[0]!)).toContain(letter);
  }
});
