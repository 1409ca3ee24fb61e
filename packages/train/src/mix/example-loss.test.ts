import { expect, test } from 'vitest';
import { colbertScores, cosineScores, rankingLoss, searchLoss } from './example-loss.js';

test('a positive is held against every passage but the query’s other positives', () => {
  const qrels = new Map([
    [
      '0',
      new Map([
        ['0', 1],
        ['1', 1],
      ]),
    ],
    ['1', new Map([['2', 1]])],
  ]);
  const scores = [
    [0.1, 0.2, 0.1],
    [0.3, 0.3, 0.3],
  ];
  const expected = (Math.log(2) + Math.log(1 + Math.exp(-0.1 / 0.05)) + Math.log(3)) / 3;
  expect(searchLoss({ qrels }, (query) => scores[query]!)).toBeCloseTo(expected, 12);
});

test('a relevant passage is held against the less relevant ones', async () => {
  const queries = [
    { query: 'q', passages: ['a', 'b', 'c'], relevance: [2, 1, 0] },
    { query: 'alike', passages: ['d', 'e'], relevance: [1, 1] },
  ];
  const asked: string[] = [];
  const logits: Record<string, number> = { a: 1, b: 2, c: 0 };
  const loss = await rankingLoss(queries, async (pairs) => {
    asked.push(...pairs.map(([query, passage]) => `${query} ${passage}`));
    return pairs.map(([, passage]) => logits[passage]!);
  });
  const first = Math.log(Math.E + Math.E ** 2 + 1) - 1;
  const second = Math.log(Math.E ** 2 + 1) - 2;
  expect(loss).toBeCloseTo((first + second) / 2, 12);
  expect(asked).toEqual(['q a', 'q b', 'q c']);
});

test('cosines do not see lengths', () => {
  const scores = cosineScores([Float32Array.of(3, 4)], [Float32Array.of(6, 8), Float32Array.of(-4, 3)]);
  expect(scores(0)[0]).toBeCloseTo(1, 12);
  expect(scores(0)[1]).toBeCloseTo(0, 12);
});

test('MaxSim is per token, whether the model divides or not', async () => {
  const vectors = { tokens: 4, dim: 1, data: new Float32Array(4) };
  const model = (divideByQueryLength: boolean, values: number[]) =>
    ({ settings: { divideByQueryLength }, scoreVectors: async () => Float64Array.from(values) }) as never;
  const sums = await colbertScores(model(false, [4, 2, 3, 1]), [vectors, vectors], [vectors, vectors]);
  const means = await colbertScores(
    model(true, [1, 0.5, 0.75, 0.25]),
    [vectors, vectors],
    [vectors, vectors],
  );
  expect([...Array.from(sums(0)), ...Array.from(sums(1))]).toEqual([1, 0.5, 0.75, 0.25]);
  expect(Array.from(means(1))).toEqual(Array.from(sums(1)));
});
