import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  chance,
  type ExampleRow,
  exampleDirectory,
  exampleRows,
  overlap,
  terms,
} from './example-data-rows.js';

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
