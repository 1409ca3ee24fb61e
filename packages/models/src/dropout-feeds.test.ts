import { describe, expect, test } from 'vitest';
import { keptShare } from './dropout.js';
import { dropoutFeeds } from './dropout-feeds.js';
import { packedBatch } from './testing/packed-batch.js';

const FEATURES = 48;
const SITES = [0, 1];
const inputs = [
  ...SITES.flatMap((site) => [
    { name: `dropout.${site}.rows`, shape: ['tokens'] },
    { name: `dropout.${site}.columns`, shape: [FEATURES] },
  ]),
  { name: 'dropout.2.rows', shape: ['batch', 4, 'seq'] },
  { name: 'dropout.2.columns', shape: ['batch', 4, 'seq'] },
];
const lengths = Array.from({ length: 40 }, (_, i) => 5 + ((i * 7) % 24));
const batch = packedBatch(lengths);
const rows = lengths.map((_, i) => i);
const feedsAt = (seed: number, update: number) => dropoutFeeds(inputs, { seed, update, rows, ...batch });

/** The uniform numbers of a site of tokens, [tokens without the filler, features]. */
function uniforms(feeds: ReturnType<typeof dropoutFeeds>, site = 0): Float64Array[] {
  const [u, v] = [feeds[`dropout.${site}.rows`]!.data, feeds[`dropout.${site}.columns`]!.data];
  return batch.cells.map((_, row) => Float64Array.from(v, (column) => (u[row]! * column) % 1));
}

/** The uniform numbers of an attention site, one row per (sequence, head, query), real keys only. */
function attentionUniforms(feeds: ReturnType<typeof dropoutFeeds>): Float64Array[] {
  const [u, v] = [feeds['dropout.2.rows']!.data, feeds['dropout.2.columns']!.data];
  return lengths.flatMap((length, b) =>
    [0, 1, 2, 3].flatMap((head) => {
      const base = (b * 4 + head) * batch.seq;
      return Array.from({ length }, (_, q) =>
        Float64Array.from({ length }, (_, k) => (u[base + q]! * v[base + k]!) % 1),
      );
    }),
  );
}

describe.each([0.1, 0.3, 0.5])('with probability %d', (probability) => {
  const share = keptShare(probability);
  const kept = (numbers: readonly Float64Array[]) =>
    numbers.map((row) => Array.from(row, (x) => Number(x >= probability)));
  /** Standard deviations between the mean of 0/1 products that are pairwise independent and what it should be. */
  const deviations = (products: readonly number[], mean: number) =>
    Math.abs(products.reduce((sum, x) => sum + x, 0) / products.length - mean) /
    Math.sqrt((mean * (1 - mean)) / products.length);

  test.each([
    ['tokens', () => uniforms(feedsAt(5, 9))],
    ['attention', () => attentionUniforms(feedsAt(5, 9))],
  ])('the share that is kept is what keptShare says: %s', (_, numbers) => {
    expect(deviations(kept(numbers()).flat(), share)).toBeLessThan(5);
  });

  test('pairs of elements are both kept as often as independent ones', () => {
    const [here, next, seeded] = [
      uniforms(feedsAt(5, 9)),
      uniforms(feedsAt(5, 10)),
      uniforms(feedsAt(6, 9)),
    ].map(kept);
    const site = kept(uniforms(feedsAt(5, 9), 1));
    const attention = kept(attentionUniforms(feedsAt(5, 9)));
    const pairs: Record<string, number[]> = {
      rows: here!.flatMap((row, r) => row.map((x, c) => x * here![(r + 1) % here!.length]![c]!)),
      columns: here!.flatMap((row) => row.map((x, c) => x * row[(c + 1) % FEATURES]!)),
      diagonals: here!.flatMap((row, r) =>
        row.map((x, c) => x * here![(r + 3) % here!.length]![(c + 5) % FEATURES]!),
      ),
      updates: here!.flatMap((row, r) => row.map((x, c) => x * next![r]![c]!)),
      seeds: here!.flatMap((row, r) => row.map((x, c) => x * seeded![r]![c]!)),
      sites: here!.flatMap((row, r) => row.map((x, c) => x * site[r]![c]!)),
      'keys of one query': attention.flatMap((row) => row.map((x, k) => x * row[(k + 1) % row.length]!)),
      'queries of one key': attention.flatMap((row, q) => {
        const other = attention[q + 1];
        return other?.length === row.length ? row.map((x, k) => x * other[k]!) : [];
      }),
    };
    for (const [what, products] of Object.entries(pairs)) {
      expect(products.length).toBeGreaterThan(10_000);
      expect(deviations(products, share * share), what).toBeLessThan(5);
    }
  });
});

test('each row is kept in the right share, not only all together', () => {
  const counts = uniforms(feedsAt(1, 2)).map((row) => row.filter((x) => x >= 0.5).length);
  const spread = counts.reduce((sum, n) => sum + (n - FEATURES / 2) ** 2, 0) / counts.length;
  expect(spread / (FEATURES / 4)).toBeGreaterThan(0.6);
  expect(spread / (FEATURES / 4)).toBeLessThan(1.5);
});

test('rows are odd numbers below 4096 and columns odd 4096ths, whose products float32 holds exactly', () => {
  const feeds = feedsAt(3, 1);
  for (const [name, { data }] of Object.entries(feeds)) {
    const unit = name.endsWith('columns') ? 4096 : 1;
    for (const x of data) {
      expect(Number.isInteger(x * unit) && (x * unit) % 2 === 1 && x * unit < 4096).toBe(true);
    }
  }
  for (const u of feeds['dropout.0.rows']!.data)
    for (const v of feeds['dropout.0.columns']!.data) if (Math.fround(u * v) !== u * v) expect.unreachable();
});

describe('a token has one mask', () => {
  const place = { seed: 7, update: 3 };
  const [length, row] = [lengths[6]!, 6];
  const rowsOf = (mode: 'packed' | 'padded', alone: boolean, seq?: number) => {
    const places = packedBatch(alone ? [length] : lengths, { mode, ...(seq === undefined ? {} : { seq }) });
    const feeds = dropoutFeeds(inputs, { ...place, rows: alone ? [row] : rows, ...places });
    const first = Number(places.first_token[alone ? 0 : row]);
    const block = (alone ? 0 : row) * 4 * places.seq;
    const heads = (name: string) =>
      [0, 1, 2, 3].map((head) =>
        Array.from(feeds[name]!.data.slice(block + head * places.seq, block + head * places.seq + length)),
      );
    return {
      tokens: Array.from(feeds['dropout.0.rows']!.data.slice(first, first + length)),
      columns: Array.from(feeds['dropout.0.columns']!.data),
      queries: heads('dropout.2.rows'),
      keys: heads('dropout.2.columns'),
    };
  };
  const expected = rowsOf('packed', true);

  test.each([
    ['packed with others', 'packed', false, undefined],
    ['padded with others', 'padded', false, undefined],
    ['padded alone', 'padded', true, undefined],
    ['padded further', 'padded', false, 64],
  ] as const)('%s', (_, mode, alone, seq) => {
    expect(rowsOf(mode, alone, seq)).toEqual(expected);
    expect(new Set(expected.tokens).size).toBeGreaterThan(length / 2);
  });

  test('another row of the data has another', () => {
    const other = dropoutFeeds(inputs, { ...place, rows: [row + 1], ...packedBatch([length]) });
    expect(Array.from(other['dropout.0.rows']!.data.slice(0, length))).not.toEqual(expected.tokens);
  });
});

test('equal places give equal feeds; other inputs are left alone', () => {
  expect(feedsAt(1, 1)).toEqual(feedsAt(1, 1));
  expect(Object.keys(feedsAt(1, 1))).toEqual(inputs.map(({ name }) => name));
  const others = [
    { name: 'labels', shape: ['batch'] },
    { name: 'dropout.x.rows', shape: ['tokens'] },
  ];
  expect(dropoutFeeds(others, { seed: 1, update: 1, rows, ...batch })).toEqual({});
});

test('the rows of a table have a mask of their own, which is the same for every batch of an update', () => {
  const site = [
    { name: 'dropout.0.table', shape: [16] },
    { name: 'dropout.0.columns', shape: [FEATURES] },
  ];
  const draw = (update: number, which: readonly number[]) => {
    const places = packedBatch(which.map((i) => lengths[i]!));
    return dropoutFeeds(site, { seed: 5, update, rows: which, ...places });
  };
  const feeds = draw(9, [0, 1]);
  const table = Array.from(feeds['dropout.0.table']!.data);
  expect(table.every((u) => Number.isInteger(u) && u % 2 === 1 && u < 4096)).toBe(true);
  expect(new Set(table).size).toBeGreaterThan(8);
  expect(draw(9, [7])).toEqual(feeds);
  expect(draw(10, [0, 1])).not.toEqual(feeds);
});
