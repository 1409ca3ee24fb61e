import { bytesSource, parseEmbeddingRecord, parseRecord } from '@rag/data';
import { expect, test } from 'vitest';
import { rowParser } from '../encode/input-row.js';
import { memoryFiles } from '../testing/memory-files.js';
import { guardOf, jsonl, mine, passages, type Row, rows } from '../testing/mine-rows.js';
import { wordRetriever } from '../testing/word-vectors.js';
import type { MineJob } from './mine-negatives.js';

/** Ranks by computing everything, best first. */
function ranked(
  { query, pos, prompt_for_query = '' }: Row,
  score: (query: string, passage: string) => number,
  among = passages,
): { text: string; score: number }[] {
  return among
    .filter((text) => !pos.includes(text) && text !== query)
    .map((text, i) => ({ text, i, score: Math.fround(score(prompt_for_query + query, text)) }))
    .sort((a, b) => b.score - a.score || a.i - b.i);
}

test.each(['embedding', 'colbert'] as const)(
  '%s: the ranks of the range, as a full ranking gives them',
  async (kind) => {
    const { retriever, score } = wordRetriever(kind);
    for (const [from, to, negatives] of [
      [0, 4, 4],
      [2, 12, 4],
      [0, 500, 500],
      [60, 90, 30],
    ] as const) {
      const { found, report } = await mine({
        retriever: { ...retriever, blockPassages: 7 },
        range: { from, to },
        rules: { negatives },
        scores: 'retriever',
      });
      expect(found).toHaveLength(rows.length);
      for (const [i, row] of rows.entries()) {
        const expected = ranked(row, score).slice(from, from + negatives);
        expect(found[i]!.neg).toEqual(expected.map(({ text }) => text));
        for (const [j, each] of expected.entries())
          expect(found[i]!.neg_scores![j]).toBeCloseTo(each.score, 5);
        for (const [j, text] of row.pos.entries())
          expect(found[i]!.pos_scores![j]).toBeCloseTo(score(row.query, text), 5);
      }
      expect(report).toMatchObject({ rows: 23, written: 23, replaced: 69 });
    }
  },
);

test('a corpus is searched in place of the rows; its equal texts are one passage, blank ones none', async () => {
  const { score } = wordRetriever();
  const texts = [
    ...Array.from({ length: 40 }, (_, i) => `passage ${i}`),
    'Passage  7',
    ' RIGHT 4',
    '',
    'query 5',
  ];
  const corpus = {
    sources: [bytesSource('corpus.jsonl', jsonl(texts.map((text, i) => ({ _id: `${i}`, title: '', text }))))],
    parse: rowParser({ kind: 'jsonl' }),
  };
  const { found, report } = await mine({ corpus, range: { from: 0, to: 50 }, rules: { negatives: 50 } });
  const distinct = [...texts.slice(0, 40), 'RIGHT 4', 'query 5'];
  for (const [i, { neg }] of found.entries()) {
    // "RIGHT 4" is the positive of row 4 in another spelling, "query 5" the query of row 5.
    const own = distinct.filter((text) => text.toLowerCase() !== `right ${i}` && text !== `query ${i}`);
    expect(neg).toEqual(ranked(rows[i]!, score, own).map(({ text }) => text));
  }
  expect(report.passages).toEqual({ candidates: 42, repeated: 1, blank: 1 });
  expect(report.excluded).toEqual({ own: 1, others: 0, query: 1 });
});

test('positives of another row with the same query are no candidates, in whatever spelling', async () => {
  const input: Row[] = [
    { query: 'Same query', pos: ['right 1'], neg: ['x', 'RIGHT  2', 'Ｘ'] },
    { query: 'same  query', pos: ['Right 2'], neg: ['y', 'z', 'right 1', 'same query'] },
  ];
  const { found, report } = await mine({ input, range: { from: 0, to: 9 }, rules: { negatives: 9 } });
  for (const { neg } of found) expect([...neg!].sort()).toEqual(['x', 'y', 'z']);
  expect(report.excluded).toEqual({ own: 2, others: 2, query: 2 });
});

test('rules over scores drop what they say, and count it', async () => {
  const { score } = wordRetriever();
  const range = { from: 0, to: 200 };
  const rulesOf = (rules: Partial<MineJob['rules']>) => mine({ range, rules: { negatives: 200, ...rules } });
  const lowest = ({ query, pos }: Row) => Math.min(...pos.map((text) => Math.fround(score(query, text))));
  const ways: [Partial<MineJob['rules']>, string, (score: number, positive: number) => boolean][] = [
    [{}, 'none', () => true],
    [{ maxScore: 0.5 }, 'max_score', (s) => s <= 0.5],
    [{ minScore: -0.25 }, 'min_score', (s) => s >= -0.25],
    [{ absoluteMargin: 0.1 }, 'absolute_margin', (s, p) => s <= p - 0.1],
    [{ relativeMargin: 0.05 }, 'relative_margin', (s, p) => s <= p - Math.abs(p) * 0.05],
  ];
  for (const [rules, name, isKept] of ways) {
    const { found, report } = await rulesOf(rules);
    let dropped = 0;
    for (const [i, row] of rows.entries()) {
      const all = ranked(row, score);
      const kept = all.filter((each) => isKept(each.score, lowest(row)));
      expect(found[i]!.neg).toEqual(kept.map(({ text }) => text));
      dropped += all.length - kept.length;
    }
    expect(report.dropped).toEqual(name === 'none' ? {} : { [name]: dropped });
    if (name !== 'none') expect(dropped).toBeGreaterThan(0);
    const total = (list: readonly number[]) => list.reduce((sum, count) => sum + count, 0);
    expect(total(report.scores.counts.candidates!)).toBe(report.candidates);
    expect(total(report.scores.counts.negatives!)).toBe(report.candidates - dropped);
    expect(total(report.scores.counts.positives!)).toBe(rows.flatMap(({ pos }) => pos).length);
  }
});

test('random negatives are of the range, in the order of their ranks, and the same for a seed', async () => {
  const { score } = wordRetriever();
  const random = (seed: number) =>
    mine({ rules: { negatives: 4, sampling: 'random', seed } }).then(({ found }) =>
      found.map(({ neg }) => neg),
    );
  const first = await random(1);
  expect(await random(1)).toEqual(first);
  expect(await random(2)).not.toEqual(first);
  let others = 0;
  for (const [i, row] of rows.entries()) {
    const texts = ranked(row, score)
      .slice(2, 12)
      .map(({ text }) => text);
    const places = first[i]!.map((text) => texts.indexOf(text));
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    expect([places.length, Math.min(...places) >= 0]).toEqual([4, true]);
    if (places.join() !== '0,1,2,3') others++;
  }
  expect(others).toBeGreaterThan(15);
});

test.each([
  [{}, (score: number) => score <= 3],
  [{ margin: 1 }, (score: number) => score <= 2],
  [{ maxScore: 2.75 }, (score: number) => score <= 2.75],
  [{ margin: 0.25, maxScore: 2 }, (score: number) => score <= 2],
] as const)(
  'a guard with %j drops what it scores too high, and others take its place',
  async (limits, isKept) => {
    const { score } = wordRetriever();
    const asked: string[] = [];
    const range = { from: 0, to: 40 };
    const job = { range, guard: { scorer: guardOf(asked), ...limits }, scores: 'guard' as const };
    const { found, report } = await mine(job);
    const guardScore = (text: string) => (text.includes('right') ? 3 : text.endsWith('b') ? 2.5 : -1);
    let [read, dropped] = [0, 0];
    for (const [i, row] of rows.entries()) {
      const texts = ranked(row, score)
        .slice(0, 40)
        .map(({ text }) => text);
      const kept = texts.filter((text) => isKept(guardScore(text))).slice(0, 4);
      expect(found[i]!.neg).toEqual(kept);
      expect(found[i]!.neg_scores).toEqual(kept.map(guardScore));
      expect(found[i]!.pos_scores).toEqual(row.pos.map(() => 3));
      const needed = texts.indexOf(kept.at(-1)!) + 1;
      read += needed;
      dropped += needed - 4;
    }
    // It reads no more than it must: as many as are missing at a time, so none behind the last that was kept.
    expect(report.guarded).toBe(read);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).toHaveLength(read + rows.flatMap(({ pos }) => pos).length);
    expect(Object.values(report.dropped).reduce((sum, count) => sum + count, 0)).toBe(dropped);
    const total = (list: readonly number[]) => list.reduce((sum, count) => sum + count, 0);
    expect(total(report.guardScores!.counts.negatives!)).toBe(4 * rows.length);
  },
);

test.each([
  [false, 6],
  [true, 5],
])("a guard's score of 0.55, normalized: %j, is counted in bin %i", async (normalized, bin) => {
  const scorer = { score: async (pairs: readonly unknown[]) => pairs.map(() => 0.55) };
  const { report } = await mine({ guard: { scorer, normalized } });
  expect(report.guardScores!.counts.negatives![bin]).toBe(4 * rows.length);
});

test('rows with too few negatives are kept, and left out only by leastNegatives; both are counted', async () => {
  const rules = { negatives: 4, maxScore: 1 };
  const all = await mine({ rules });
  const numbers = all.found.map(({ neg }) => neg!.length);
  expect(Math.min(...numbers)).toBe(0);
  expect(Math.max(...numbers)).toBeGreaterThan(1);
  expect(all.report.short).toEqual({ rows: numbers.filter((count) => count < 4).length, leftOut: 0 });
  expect(all.report.byNegatives.get(0)).toBe(numbers.filter((count) => count === 0).length);
  const some = await mine({ rules, leastNegatives: 2 });
  expect(some.found).toEqual(all.found.filter(({ neg }) => neg!.length >= 2));
  expect(some.report.short.leftOut).toBe(numbers.filter((count) => count < 2).length);
  expect(some.report.written).toBe(some.found.length);
  const none = await mine({ rules: { negatives: 4, maxScore: -99 }, leastNegatives: 1 });
  expect([none.found, none.report.written]).toEqual([[], 0]);
});

test('other fields stay, stale scores of negatives go, the prompt is read; the rows load as before', async () => {
  const { score } = wordRetriever();
  const input = rows.map((row, i) => ({
    ...row,
    ...(i % 2 ? { prompt_for_query: 'ask: ' } : {}),
    pos_scores: row.pos.map(() => 0.5),
    neg_scores: [1, 2, 3],
    id: i,
  }));
  const { found } = await mine({ input });
  for (const [i, row] of found.entries()) {
    const expected = ranked(input[i]!, score).slice(2, 6);
    const { neg_scores: _, ...rest } = input[i]!;
    expect(row).toEqual({ ...rest, neg: expected.map(({ text }) => text) });
    const at = { file: 'out.jsonl', line: i + 1 };
    expect(parseEmbeddingRecord(row, at).shape).toBe('triplet');
    expect(parseRecord(row, at).shape).toBe('lists');
  }
});

test.each([
  [{ range: { from: 5, to: 5 } }, 'range: expected ranks'],
  [{ range: { from: -1, to: 5 } }, 'range: expected ranks'],
  [{ rules: { negatives: 11 } }, 'negatives: expected a whole number from 1 to 10'],
  [{ rules: { negatives: 0 } }, 'negatives: expected'],
  [{ rules: { negatives: 4, maxScore: Number.NaN } }, 'maxScore: expected a number'],
  [{ scores: 'guard' as const }, 'guard without one'],
  [{ leastNegatives: 5 }, 'leastNegatives: expected a whole number from 0 to 4'],
  [{ input: [{ query: 'q', pos: ['a'], scores: [1] }] }, 'rows.jsonl:1'],
  [{ input: [rows[0], { query: 'q' }] }, 'rows.jsonl:2'],
  [{ input: [{ query: 'q', pos: ['a'] }] }, 'range: expected more than 2 distinct passages'],
])('%j is refused', async (job, message) => {
  const files = memoryFiles();
  await expect(mine({ ...job, files })).rejects.toThrow(message);
  expect(files.names()).not.toContain('out.jsonl');
});
