import { existsSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { readRows } from './json-lines.js';
import { example, scoresUnder, tableLine } from './testing/run-example.js';
import { topicRows, topicWords } from './topic-rows.js';

const query = 'violin melody';
const { output, run, remove } = example('distill-llm.ts', 424_248);
afterAll(remove);

/** A system's MRR@10. */
const mrr = (system: string, stdout: string): number =>
  Number(new RegExp(`│ ${system} +│ '(\\d\\.\\d{3}) `).exec(stdout)![1]);

it('a BERT keeps at least 90 % of the language model that taught it, on queries that neither has seen', async () => {
  const stdout = await run('--query', query);
  for (const system of ['student, fresh', 'student, distilled', 'teacher', 'BM25', 'chance'])
    expect(stdout).toMatch(tableLine(system));
  // There is something to keep, and the student had none of it.
  expect(mrr('teacher', stdout)).toBeGreaterThan(2 * mrr('chance', stdout));
  expect(mrr('student, fresh', stdout)).toBeLessThan(0.5);
  const kept = [...stdout.split('The student keeps')[1]!.matchAll(/(\d+\.\d) %/g)];
  expect(kept).toHaveLength(2);
  for (const [, share] of kept) expect(Number(share)).toBeGreaterThanOrEqual(90);
  expect(scoresUnder(query, stdout)).toHaveLength(3);
  // The student learned scores alone.
  const rows = readRows<Record<string, unknown>>(`${output}/distilled-llm/scores.jsonl`);
  expect(new Set(rows.map((row) => Object.keys(row).join()))).toEqual(new Set(['query,content,score']));
  for (const name of ['teacher', 'student'])
    expect(existsSync(`${output}/distilled-llm/${name}/model/model.safetensors`)).toBe(true);
});

it('rows share no word of the query, and held-out pairs of words are of no other row', () => {
  const key = ({ query }: { readonly query: string }) => query.split(' ').sort().join(' ');
  const rows = [...topicRows(400, 7, false)];
  expect([...topicRows(400, 7, false)]).toEqual(rows);
  const seen = new Set(rows.map(key));
  const heldOut = [...topicRows(80, 7, true)];
  expect(heldOut.filter((row) => seen.has(key(row)))).toEqual([]);
  for (const { query, pos, neg } of [...rows, ...heldOut]) {
    expect([pos.length, neg.length]).toEqual([1, 7]);
    const asked = query.split(' ');
    for (const passage of [...pos, ...neg]) {
      const words = passage.split(' ');
      expect(new Set(words).size).toBe(5);
      for (const word of words) expect(topicWords).toContain(word);
      expect(words.filter((word) => asked.includes(word))).toEqual([]);
    }
  }
});
