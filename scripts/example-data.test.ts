import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  chance,
  type ExampleRow,
  exampleDirectory,
  exampleFiles,
  exampleRows,
  overlap,
  terms,
} from './example-data.js';

const source = join(exampleDirectory, 'source');
const splits = { train: exampleRows(source, 'train'), dev: exampleRows(source, 'dev') };
const all = [...splits.train, ...splits.dev];
const groups = (['train', 'dev'] as const).flatMap((split) =>
  ['zh', 'en'].map(
    (language) => [split, language, splits[split].filter((row) => row.language === language)] as const,
  ),
);

const count = (texts: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
};

/** Mean over the rows of 1 / rank of the first positive within ten, by falling score. */
function mrr(rows: readonly ExampleRow[], score: (query: string, passage: string) => number): number {
  const ranks = rows.map((row) => {
    const scored = [...row.pos, ...row.neg].map((text) => ({
      score: score(row.query, text),
      tie: chance('tie', row.query, text),
      right: row.pos.includes(text),
    }));
    scored.sort((a, b) => b.score - a.score || a.tie - b.tie);
    return 1 + scored.findIndex(({ right }) => right);
  });
  return ranks.reduce((sum, rank) => sum + (rank <= 10 ? 1 / rank : 0), 0) / rows.length;
}

const intervals = new Map<readonly ExampleRow[], [number, number]>();

/** MRR@10 of 1,000 random orders: lowest and highest of the middle 98 %. */
function chanceInterval(rows: readonly ExampleRow[]): [number, number] {
  const known = intervals.get(rows);
  if (known !== undefined) return known;
  const values = Array.from({ length: 1000 }, (_, seed) =>
    mrr(rows, (query, text) => chance(seed, query, text)),
  );
  values.sort((a, b) => a - b);
  const interval: [number, number] = [values[10]!, values[989]!];
  intervals.set(rows, interval);
  return interval;
}

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
    const small = [...files].filter(([name]) => name.endsWith('.jsonl') && !name.startsWith('reranker.'));
    expect(small).toHaveLength(7);
    for (const [, text] of small) {
      expect(text.split('\n').length - 1).toBeGreaterThanOrEqual(5);
      expect(text.split('\n').length - 1).toBeLessThanOrEqual(20);
      for (const { query, pos } of splits.dev) {
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
});

describe('rows', () => {
  test('100 queries a language, 1 to 5 positives, 5 to 15 negatives, none of them twice', () => {
    for (const language of ['zh', 'en'])
      expect(all.filter((row) => row.language === language)).toHaveLength(100);
    expect(new Set(all.map((row) => row.query)).size).toBe(all.length);
    for (const { pos, neg } of all) {
      expect(pos.length).toBeGreaterThanOrEqual(1);
      expect(pos.length).toBeLessThanOrEqual(5);
      expect(neg.length).toBeGreaterThanOrEqual(5);
      expect(neg.length).toBeLessThanOrEqual(15);
      expect(new Set([...pos, ...neg]).size).toBe(pos.length + neg.length);
    }
  });

  test('passages have 50 to 500 characters and each is positive for exactly one query', () => {
    const passages = all.flatMap((row) => row.pos);
    expect(new Set(passages).size).toBe(passages.length);
    for (const text of passages) {
      expect(text).toBe(text.trim());
      expect([...text].length, text).toBeGreaterThanOrEqual(50);
      expect([...text].length, text).toBeLessThanOrEqual(500);
    }
  });

  test('a topic is in one split only: eight for training, two held out', () => {
    const [train, dev] = [splits.train, splits.dev].map((rows) => new Set(rows.map((row) => row.topic)));
    expect([...train!].filter((topic) => dev!.has(topic))).toEqual([]);
    for (const [split, , rows] of groups) {
      expect(new Set(rows.map((row) => row.topic)).size).toBe(split === 'train' ? 8 : 2);
    }
  });

  test.each(groups)(
    '%s %s: every passage is a negative equally often, of its own language and split',
    (...group) => {
      const rows = group[2];
      const uses = count(rows.flatMap((row) => row.neg));
      expect(new Set(uses.keys())).toEqual(new Set(rows.flatMap((row) => row.pos)));
      const times = [...uses.values()];
      expect(Math.min(...times)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
    },
  );

  test('most negatives come from the topic of the query', () => {
    const topics = new Map(all.flatMap((row) => row.pos.map((text) => [text, row.topic] as const)));
    const same = all.map(
      (row) => row.neg.filter((text) => topics.get(text) === row.topic).length / row.neg.length,
    );
    expect(Math.min(...same)).toBeGreaterThan(0.5);
  });
});

describe('what can be learnt', () => {
  const prior = (rows: readonly ExampleRow[]) => {
    const positives = count(rows.flatMap((row) => row.pos));
    const seen = count(rows.flatMap((row) => [...row.pos, ...row.neg]));
    return (text: string) => positives.get(text)! / seen.get(text)!;
  };

  /** Naive Bayes over the terms of the passage alone, fitted on train. */
  const style = (() => {
    const right = count(splits.train.flatMap((row) => row.pos.flatMap((text) => [...terms(text)])));
    const wrong = count(splits.train.flatMap((row) => row.neg.flatMap((text) => [...terms(text)])));
    const [rights, wrongs] = [right, wrong].map((counts) => [...counts.values()].reduce((a, b) => a + b, 0));
    const odds = (term: string) =>
      Math.log(((right.get(term) ?? 0) + 1) / rights!) - Math.log(((wrong.get(term) ?? 0) + 1) / wrongs!);
    return (text: string) => [...terms(text)].reduce((sum, term) => sum + odds(term), 0);
  })();

  const blind: [string, (text: string) => number][] = [
    ['longer first', (text) => [...text].length],
    ['shorter first', (text) => -[...text].length],
    ['share of positive occurrences', prior(splits.dev)],
    ['terms that were positive in train', style],
    ['digits first', (text) => (text.match(/\d/g) ?? []).length],
  ];

  test.each(blind)('a ranking that does not see the query stays within chance: %s', (_, score) => {
    for (const rows of [splits.dev, groups[2]![2], groups[3]![2]]) {
      const [low, high] = chanceInterval(rows);
      const got = mrr(rows, (_query, text) => score(text));
      expect(got).toBeGreaterThanOrEqual(low);
      expect(got).toBeLessThanOrEqual(high);
    }
  });

  test.each(groups)('%s %s: shared terms beat chance, and do not settle every row', (...group) => {
    const rows = group[2];
    const byOverlap = mrr(rows, overlap);
    expect(byOverlap).toBeGreaterThan(chanceInterval(rows)[1] * 1.2);
    expect(byOverlap).toBeLessThan(0.97);
  });
});

test('terms are pairs of Han characters and lower-case words', () => {
  expect([...terms('月亮圆 The Moon’s 2')]).toEqual(['月亮', '亮圆', 'the', 'moon', 's', '2']);
  expect(overlap('月亮圆', '圆的月亮')).toBe(0.5);
});
