import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exampleFiles } from './example-data.js';
import { exampleDirectory, exampleRows } from './example-data-rows.js';

const source = join(exampleDirectory, 'source');

describe('files', () => {
  const files = exampleFiles(source);

  test.each([...files.keys()])('%s on disk is what the script writes', (name) => {
    expect(readFileSync(join(exampleDirectory, name), 'utf8')).toBe(files.get(name));
  });

  test('there is no other file', () => {
    const found = readdirSync(exampleDirectory).filter(
      (name) => name !== 'source' && name !== '.gitattributes',
    );
    expect(found.sort()).toEqual([...files.keys()].sort());
  });

  test('the small ones have 5 to 20 rows and no passage or query of dev', () => {
    const small = [...files].filter(([name]) => /^[^.]+\.jsonl$/.test(name));
    expect(small).toHaveLength(8);
    for (const [, text] of small) {
      expect(text.split('\n').length - 1).toBeGreaterThanOrEqual(5);
      expect(text.split('\n').length - 1).toBeLessThanOrEqual(20);
      for (const { query, pos } of exampleRows(source, 'dev')) {
        for (const held of [query, ...pos]) expect(text).not.toContain(JSON.stringify(held));
      }
    }
  });

  const parsed = <T>(name: string) =>
    files
      .get(name)!
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as T);

  test('scores lie in [0, 1], one per passage, a few written as strings', () => {
    const lists = parsed<{ pos: string[]; neg: string[]; pos_scores: number[]; neg_scores: number[] }>(
      'scores.jsonl',
    );
    for (const row of lists) {
      expect(row.pos_scores).toHaveLength(row.pos.length);
      expect(row.neg_scores).toHaveLength(row.neg.length);
      expect(Math.min(...row.pos_scores)).toBeGreaterThan(Math.max(...row.neg_scores));
    }
    const pairs = parsed<{ pos: string[]; scores: number[] }>('pair-scores.jsonl');
    for (const row of pairs) expect(row.scores).toHaveLength(row.pos.length);
    const distill = parsed<{ score: number | string }>('distill.jsonl').map((row) => row.score);
    expect(new Set(distill.map((score) => typeof score))).toEqual(new Set(['number', 'string']));
    const numbers = [...distill.map(Number), ...pairs.flatMap((row) => row.scores)];
    for (const score of [...numbers, ...lists.flatMap((row) => [...row.pos_scores, ...row.neg_scores])]) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
  });

  test('labels are graded 0 to 3 in groups and binary by the pair', () => {
    const hits = parsed<{ hits: { label: number }[] }>('grouped.jsonl').flatMap((row) => row.hits);
    expect([...new Set(hits.map(({ label }) => label))].sort()).toEqual([0, 1, 2, 3]);
    const labels = parsed<{ label: number }>('pointwise.jsonl').map(({ label }) => label);
    expect([...new Set(labels)].sort()).toEqual([0, 1]);
  });

  test('texts are single ones, of queries with their prompt and of passages; the long file has each text once', () => {
    const texts = parsed<{ query: string; prompt_for_query?: string }>('texts.jsonl');
    const trained = exampleRows(source, 'train');
    const queries = new Set(trained.map((row) => row.query));
    const passages = new Set(trained.flatMap((row) => row.pos));
    for (const [i, { query, prompt_for_query }] of texts.entries()) {
      expect((i % 2 === 0 ? queries : passages).has(query)).toBe(true);
      expect(prompt_for_query === undefined).toBe(i % 2 === 1);
    }
    const long = parsed<{ query: string }>('texts.train.jsonl').map(({ query }) => query);
    expect(new Set(long)).toEqual(new Set([...queries, ...passages]));
    expect(long).toHaveLength(queries.size + passages.size);
  });
});
