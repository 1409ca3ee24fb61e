import { describe, expect, test } from 'vitest';
import { epochBatches, type SamplerOptions } from './sampler.js';

const flat = (count: number, epoch: number, options: SamplerOptions) =>
  epochBatches(count, epoch, options).flatMap(({ indices }) => Array.from(indices));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const ascending = (values: number[]) => [...values].sort((a, b) => a - b);

test('an epoch holds every example once, in an order of seed and epoch', () => {
  const options = { seed: 1, batchSize: 8 };
  expect(ascending(flat(100, 0, options))).toEqual(range(100));
  expect(flat(100, 0, options)).toEqual(flat(100, 0, options));
  expect(flat(100, 0, options)).not.toEqual(flat(100, 1, options));
  expect(flat(100, 0, options)).not.toEqual(flat(100, 0, { ...options, seed: 2 }));
  expect(epochBatches(100, 0, options).map(({ indices }) => indices.length)).toEqual([
    ...new Array<number>(12).fill(8),
    4,
  ]);
});

test('without shuffling the order is that of the files', () => {
  expect(flat(10, 3, { seed: 1, batchSize: 4, shuffle: false })).toEqual(range(10));
});

test('a short last batch may be left out; that of each group too', () => {
  const sizes = (options: Partial<SamplerOptions>, count = 100) =>
    epochBatches(count, 2, { seed: 1, batchSize: 8, dropLast: true, ...options }).map(
      ({ indices }) => indices.length,
    );
  const lengths = range(100).map((i) => (i * 37) % 91);
  expect(sizes({})).toEqual(new Array(12).fill(8));
  expect(sizes({ lengths })).toEqual(new Array(12).fill(8));
  expect(sizes({}, 96)).toHaveLength(12);
  expect(sizes({ groups: range(100).map((i) => (i < 20 ? 0 : i < 25 ? 1 : 2)) })).toEqual(
    new Array(2 + 9).fill(8),
  );
  // By tokens no batch is short.
  expect(sizes({ lengths, tokenBudget: 300 }).reduce((a, b) => a + b)).toBe(100);
});

describe('ranks', () => {
  const lengths = range(103).map((i) => (i * 37) % 91);
  test.each([
    [1, {}],
    [2, {}],
    [4, {}],
    [7, {}],
    [4, { lengths }],
    [4, { lengths, tokenBudget: 150 }],
    [5, { shuffle: false }],
  ])('of %d get equal shares and lose nothing %j', (worldSize, more) => {
    const shares = range(worldSize).map((rank) =>
      epochBatches(103, 2, { seed: 1, batchSize: 8, rank, worldSize, ...more }),
    );
    const sizes = shares.map((share) => share.map(({ indices }) => indices.length).join());
    expect(new Set(sizes).size).toBe(1);
    const firsts = shares.flatMap((share) =>
      share.flatMap(({ indices, repeated }) => Array.from(indices).slice(0, indices.length - repeated)),
    );
    expect(ascending(firsts)).toEqual(range(103));
    const repeats = shares.flatMap((share) => share.map(({ repeated }) => repeated)).reduce((a, b) => a + b);
    expect(repeats).toBe(Math.ceil(103 / worldSize) * worldSize - 103);
  });

  test('more ranks than examples repeat the few', () => {
    const shares = range(5).map((rank) => epochBatches(2, 0, { seed: 1, batchSize: 3, rank, worldSize: 5 }));
    expect(shares.map((share) => share[0]!.indices.length)).toEqual([1, 1, 1, 1, 1]);
    expect(shares.map((share) => share[0]!.repeated)).toEqual([0, 0, 1, 1, 1]);
  });
});

describe('lengths', () => {
  const lengths = range(1000).map((i) => 10 + ((i * 7919) % 500));
  const spread = (options: SamplerOptions) =>
    epochBatches(1000, 0, options)
      .map(({ indices }) => Array.from(indices, (i) => lengths[i]!))
      .reduce((sum, batch) => sum + Math.max(...batch) * batch.length, 0);

  test('bring like lengths together, so that padding shrinks', () => {
    const total = lengths.reduce((a, b) => a + b);
    expect(spread({ seed: 1, batchSize: 16 }) / total).toBeGreaterThan(1.6);
    expect(spread({ seed: 1, batchSize: 16, lengths }) / total).toBeLessThan(1.05);
  });

  test('keep every example, and another epoch brings other batches', () => {
    const options = { seed: 1, batchSize: 16, lengths, bucketBatches: 5 };
    expect(ascending(flat(1000, 0, options))).toEqual(range(1000));
    const together = (epoch: number) =>
      epochBatches(1000, epoch, options)
        .find(({ indices }) => indices.includes(17))!
        .indices.join();
    expect(together(0)).not.toBe(together(1));
  });

  test('the batch with most tokens comes first, the others in mixed order', () => {
    const sums = epochBatches(1000, 0, { seed: 1, batchSize: 16, lengths }).map(({ indices }) =>
      indices.reduce((sum, i) => sum + lengths[i]!, 0),
    );
    expect(sums[0]).toBe(Math.max(...sums));
    expect(sums.slice(1)).not.toEqual(ascending(sums.slice(1)));
    expect(sums.slice(1)).not.toEqual(ascending(sums.slice(1)).reverse());
  });

  test('a token budget bounds every batch, and only a longer example stands alone', () => {
    const options = { seed: 1, batchSize: 16, lengths: [...lengths.slice(0, 999), 4000], tokenBudget: 2000 };
    const batches = epochBatches(1000, 0, options);
    expect(ascending(batches.flatMap(({ indices }) => Array.from(indices)))).toEqual(range(1000));
    for (const { indices } of batches) {
      const tokens = indices.reduce((sum, i) => sum + options.lengths[i]!, 0);
      expect(indices.length).toBeLessThanOrEqual(16);
      if (indices.includes(999)) expect(indices).toHaveLength(1);
      else expect(tokens).toBeLessThanOrEqual(2000);
    }
  });
});

test.each<[number, Partial<SamplerOptions>, RegExp]>([
  [0, {}, /examples: expected an integer from 1, got 0/],
  [9, { batchSize: 0 }, /batch_size: expected an integer from 1, got 0/],
  [9, { rank: 2, worldSize: 2 }, /rank: expected an integer from 0 to 1, got 2/],
  [9, { lengths: [1] }, /lengths: expected one per example \(9\), got 1/],
  [9, { tokenBudget: 5 }, /tokenBudget: expected lengths beside it/],
  [9, { worldSize: 1.5 }, /worldSize/],
  [3, { dropLast: true }, /dropLast: expected at least one whole batch of 4, got fewer examples/],
])('%d examples with %j are refused', (count, options, message) => {
  expect(() => epochBatches(count, 0, { seed: 1, batchSize: 4, ...options })).toThrow(message);
});

describe('groups', () => {
  const groups = range(60).map((i) => (i < 7 ? 0 : i < 40 ? 1 : i < 45 ? -1 : 2));
  const options = { seed: 3, batchSize: 5, groups };
  const batches = (epoch: number, more = {}) =>
    epochBatches(60, epoch, { ...options, ...more }).map(({ indices }) => Array.from(indices));

  test('a batch holds examples of one group, and every example stands in one, but those of negative groups', () => {
    const all = batches(0);
    for (const batch of all) expect(new Set(batch.map((index) => groups[index])).size).toBe(1);
    expect(ascending(all.flat())).toEqual(range(60).filter((i) => groups[i]! >= 0));
    // ⌈7/5⌉ + ⌈33/5⌉ + ⌈15/5⌉
    expect(all).toHaveLength(2 + 7 + 3);
  });

  test('batches and their order are a function of seed and epoch', () => {
    expect(batches(1)).toEqual(batches(1));
    expect(batches(1)).not.toEqual(batches(2));
    expect(batches(1)).not.toEqual(batches(1, { seed: 4 }));
    const order = batches(1).map(([first]) => groups[first!]!);
    expect(order).not.toEqual(ascending(order));
    // Equal groups are not shuffled alike.
    const equal = epochBatches(40, 0, {
      seed: 3,
      batchSize: 20,
      groups: range(40).map((i) => Math.floor(i / 20)),
    });
    const [first, second] = equal.map(({ indices }) => Array.from(indices, (i) => i % 20));
    expect(first).not.toEqual(second);
  });

  test('without shuffling groups and examples keep their order', () => {
    expect(batches(1, { shuffle: false }).flat()).toEqual(range(60).filter((i) => groups[i]! >= 0));
  });

  test('ranks share each batch, and length buckets stay within a group', () => {
    const lengths = range(60).map((i) => (i * 37) % 50);
    const shares = [0, 1].map((rank) => batches(0, { rank, worldSize: 2, lengths }));
    expect(shares[0]!.length).toBe(shares[1]!.length);
    for (const [i, batch] of shares[0]!.entries())
      expect(new Set([...batch, ...shares[1]![i]!].map((index) => groups[index])).size).toBe(1);
  });

  test('as many are asked for as there are examples', () => {
    expect(() => epochBatches(3, 0, { seed: 1, batchSize: 2, groups: [0] })).toThrow(
      'groups: expected one per example (3), got 1',
    );
  });
});
