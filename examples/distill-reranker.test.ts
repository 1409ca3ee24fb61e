import { existsSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { readRows } from './json-lines.js';
import { example, scoresUnder, tableLine } from './testing/run-example.js';

const query = '心脏为什么会跳';
const { output, run, remove } = example('distill-reranker.ts', 424_246);
afterAll(remove);

const shares = (stdout: string): number[] =>
  [...stdout.split('The student keeps')[1]!.matchAll(/(\d+\.\d) %/g)].map(([, share]) => Number(share));

it('runs from nothing to a student that learned scores alone', async () => {
  const stdout = await run('--share', '0.01', '--query', query);
  for (const system of ['student, warmed up', 'student, distilled', 'teacher', 'BM25', 'chance'])
    expect(stdout).toMatch(tableLine(system));
  expect(shares(stdout)).toHaveLength(2);
  expect(scoresUnder(query, stdout)).toHaveLength(3);
  const rows = readRows<Record<string, unknown>>(`${output}/distilled-reranker/scores.jsonl`);
  expect(stdout).toContain(`The teacher scored ${rows.length} pairs of 16 questions.`);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['query', 'content', 'score']);
    expect(row.score).toBeGreaterThan(0);
    expect(row.score).toBeLessThan(1);
  }
  expect(existsSync(`${output}/distilled-reranker/model/model.safetensors`)).toBe(true);
});

it.runIf(process.env.RAG_LONG)('keeps 90 % of its teacher on held-out topics', async () => {
  const stdout = await run('--query', query);
  for (const share of shares(stdout)) expect(share).toBeGreaterThanOrEqual(90);
});
