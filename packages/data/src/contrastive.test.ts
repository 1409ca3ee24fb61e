import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { contrastive } from './contrastive.js';
import { openDataset } from './dataset.js';
import { parseEmbeddingRecord } from './embedding-record.js';
import { formatLabelSummary } from './labels.js';

const at = { file: 'f', line: 1 };
const triplet = (pos: number, neg: number, more = {}) => {
  const row = {
    query: 'q',
    pos: Array.from({ length: pos }, (_, i) => `p${i}`),
    neg: Array.from({ length: neg }, (_, i) => `n${i}`),
  };
  return parseEmbeddingRecord({ ...row, ...more }, at);
};
const pair = parseEmbeddingRecord({ query: 'q', pos: ['a', 'b'], prompt_for_query: 'P:' }, at);
const counts = (texts: readonly string[]) => {
  const found = new Map<string, number>();
  for (const text of texts) found.set(text, (found.get(text) ?? 0) + 1);
  return found;
};

test('one example per positive, the prompt in front of the query', () => {
  const maker = contrastive({ negatives: 2 });
  const record = triplet(3, 5, { prompt_for_query: 'Find: ' });
  expect(maker.lengths(record, 0)).toHaveLength(3);
  const made = [0, 1, 2].map((item) => maker.make(record, 0, item, 0));
  expect(made.map(({ positive }) => positive)).toEqual(['p0', 'p1', 'p2']);
  for (const example of made) {
    expect(example).toMatchObject({ at, query: 'Find: q' });
    expect(example.negatives).toHaveLength(2);
  }
  expect(maker.make(pair, 0, 1, 0)).toEqual({ at, query: 'P:q', positive: 'b', negatives: [] });
});

test('of more negatives some are chosen, each at most once', () => {
  const maker = contrastive({ negatives: 4 });
  for (let epoch = 0; epoch < 50; epoch++) {
    const { negatives } = maker.make(triplet(1, 6), 0, 0, epoch);
    expect(new Set(negatives).size).toBe(4);
    expect(negatives.every((text) => /^n[0-5]$/.test(text))).toBe(true);
  }
});

test('fewer negatives are repeated ceil(neg_nums / count) times, then chosen without putting back', () => {
  for (const [neg, wanted] of [
    [2, 15],
    [4, 15],
    [14, 15],
    [1, 3],
  ] as const) {
    const maker = contrastive({ negatives: wanted });
    let most = 0;
    for (let epoch = 0; epoch < 60; epoch++) {
      const { negatives } = maker.make(triplet(1, neg), 0, 0, epoch);
      expect(negatives).toHaveLength(wanted);
      most = Math.max(most, ...counts(negatives).values());
    }
    expect(most).toBe(Math.ceil(wanted / neg));
  }
  // A multiple leaves nothing to choose but the order.
  const all = counts(contrastive({ negatives: 15 }).make(triplet(1, 5), 0, 0, 3).negatives);
  expect([...all].sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4'].map((text) => [text, 3]));
});

test('every negative is drawn equally often', () => {
  const maker = contrastive({ negatives: 3, seed: 7 });
  const record = triplet(1, 10);
  const drawn = Array.from({ length: 4000 }, (_, epoch) => maker.make(record, 0, 0, epoch).negatives).flat();
  // 1200 each expected; the standard deviation is sqrt(4000 · 0.3 · 0.7) = 29.
  for (const count of counts(drawn).values()) expect(Math.abs(count - 1200)).toBeLessThan(5 * 29);
});

test('the draw is a function of seed, epoch, row and item', () => {
  const record = triplet(2, 12);
  const drawn = (seed: number, row: number, item: number, compat = false) =>
    Array.from({ length: 20 }, (_, epoch) =>
      contrastive({ negatives: 5, seed, compat }).make(record, row, item, epoch).negatives.join(),
    );
  expect(drawn(1, 5, 0)).toEqual(drawn(1, 5, 0));
  for (const other of [drawn(2, 5, 0), drawn(1, 6, 0), drawn(1, 5, 1)]) {
    expect(drawn(1, 5, 0)).not.toEqual(other);
  }
  expect(new Set(drawn(1, 5, 0)).size).toBe(20);
  const [once, ...repeats] = drawn(1, 5, 0, true);
  expect(once).toBe(drawn(1, 5, 0)[0]);
  expect(new Set(repeats)).toEqual(new Set([once]));
});

test('lengths are the tokens of the query with its prompt, the positive and the negatives expected', () => {
  const row = { query: '天空', prompt_for_query: '找：', pos: ['x'.repeat(40), '海'], neg: ['一二三', '一'] };
  const record = parseEmbeddingRecord(row, at);
  expect(contrastive({ negatives: 5 }).lengths(record, 0)).toEqual([4 + 10 + 10, 4 + 1 + 10]);
  expect(contrastive({ negatives: 0 }).lengths(record, 0)).toEqual([14, 5]);
  expect(contrastive({ negatives: 5 }).lengths(pair, 0)).toEqual([2, 2]);
});

test('in a mixed file rows without negatives are kept and reported', async () => {
  const lines = [
    { query: 'a', pos: ['p', 'q'], neg: ['n', 'o', 'm'] },
    { query: 'b', pos: ['p'], id: 1 },
    { query: 'c', pos: ['p'], neg: [] },
    { query: 'a', pos: ['p'], neg: ['n'], pos_scores: [0.9], neg_scores: [0.1] },
  ];
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const dataset = await openDataset([bytesSource('f.jsonl', text)], contrastive({ negatives: 2 }));
  expect(dataset.length).toBe(5);
  const examples = await Promise.all([0, 1, 2, 3, 4].map((index) => dataset.example(index, 1)));
  expect(examples.map(({ at, negatives }) => [at.line, negatives.length])).toEqual([
    [1, 2],
    [1, 2],
    [2, 0],
    [3, 0],
    [4, 2],
  ]);
  expect(dataset.summary.withoutNegatives).toEqual({ count: 2, first: 'f.jsonl:2' });
  expect(formatLabelSummary(dataset.summary).split('\n')).toEqual([
    '4 rows, 3 queries, 9 passages: 5 positive, 4 negative',
    'no negatives in 2 rows (first at f.jsonl:2)',
    'labels █▁▁▁█',
    '  0 to 0.2: 1 (50.00%)',
    '  0.2 to 0.4: 0 (0.00%)',
    '  0.4 to 0.6: 0 (0.00%)',
    '  0.6 to 0.8: 0 (0.00%)',
    '  0.8 to 1: 1 (50.00%)',
    'ignored key "id" in 1 rows',
  ]);
});

test('a file of pairs has no rows to report', async () => {
  const text = '{"query": "a", "pos": ["p", "q"]}\n{"query": "b", "pos": ["r"]}';
  const { summary } = await openDataset([bytesSource('f', text)], contrastive({ negatives: 15 }));
  expect(summary.withoutNegatives).toBeUndefined();
  expect(formatLabelSummary(summary)).toBe('2 rows, 2 queries, 3 passages: 3 positive, 0 negative');
});

test('scored rows and texts are refused with their line, wherever they stand', async () => {
  const good = '{"query": "q", "pos": ["p"], "neg": ["n"]}';
  const open = (line: string) =>
    openDataset([bytesSource('f.jsonl', `${good}\n${line}`)], contrastive({ negatives: 1 }));
  await expect(open('{"query": "q", "pos": ["p"], "scores": [1]}')).rejects.toThrow(
    'f.jsonl:2: expected {query, pos} or {query, pos, neg}, got a row with scores — train on scores (KL), or drop them',
  );
  await expect(open('{"query": "q"}')).rejects.toThrow(
    'f.jsonl:2: expected {query, pos} or {query, pos, neg}, got a text alone — give "pos", or distil',
  );
  await expect(open('{"query": "q", "content": "c", "label": 1}')).rejects.toThrow(
    /^f\.jsonl:2: expected "pos"/,
  );
});

test('neg_nums is an integer from 0', () => {
  for (const negatives of [-1, 1.5, Number.NaN]) {
    expect(() => contrastive({ negatives })).toThrow(
      `neg_nums: expected an integer from 0, got ${negatives}`,
    );
  }
});

test('drawPositive gives one example per row, its positive drawn every epoch as seed and row say', () => {
  const record = triplet(3, 5);
  const maker = contrastive({ negatives: 2, seed: 3, drawPositive: true });
  expect(maker.lengths(record, 0)).toEqual([Math.max(...contrastive({ negatives: 2 }).lengths(record, 0))]);
  const drawn = (row: number) =>
    Array.from({ length: 60 }, (_, epoch) => maker.make(record, row, 0, epoch).positive);
  expect(new Set(drawn(0))).toEqual(new Set(['p0', 'p1', 'p2']));
  expect(drawn(0)).toEqual(drawn(0));
  expect(drawn(0)).not.toEqual(drawn(1));
  const fixed = contrastive({ negatives: 2, drawPositive: true, compat: true });
  expect(new Set([0, 1, 2, 3].map((epoch) => fixed.make(record, 0, 0, epoch).positive)).size).toBe(1);
});

test('scores follow the passages that were drawn', () => {
  const scores = { pos_scores: [10, 11, 12], neg_scores: [0, 1, 2, 3, 4] };
  const maker = contrastive({ negatives: 7, drawPositive: true, scored: true });
  for (let epoch = 0; epoch < 20; epoch++) {
    const example = maker.make(triplet(3, 5, scores), 0, 0, epoch);
    const texts = [example.positive, ...example.negatives];
    expect(example.scores).toEqual(
      texts.map((text) => Number(text.slice(1)) + (text.startsWith('p') ? 10 : 0)),
    );
  }
  expect(contrastive({ negatives: 7 }).make(triplet(3, 5, scores), 0, 0, 0)).not.toHaveProperty('scores');
});

test('rows without a score of every passage are refused where scores are asked for', () => {
  const maker = contrastive({ negatives: 1, scored: true });
  expect(() => maker.lengths(pair, 0)).toThrow(
    'f:1: expected {query, pos, neg} with "pos_scores" and "neg_scores", got a pair without scores — score the row with a teacher, or leave knowledge_distillation out',
  );
  expect(() => maker.lengths(triplet(1, 2, { pos_scores: [1] }), 0)).toThrow(
    'got a triplet without "neg_scores"',
  );
  expect(() => maker.lengths(triplet(1, 2), 0)).toThrow(
    'got a triplet without "pos_scores" and "neg_scores"',
  );
});
