import { describe, expect, test } from 'vitest';
import { at, philox4x32 } from './random.js';

describe('philox4x32', () => {
  // Known answers published with Random123 (kat_vectors, philox4x32 with 10 rounds).
  const ones = 0xffffffff;
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('counter %j', (counter, key, expected) => {
    const words = Uint32Array.from(counter);
    philox4x32(words, key[0]!, key[1]!);
    expect(Array.from(words)).toEqual(expected);
  });
});

const draws = (...place: Parameters<typeof at>) => {
  const random = at(...place);
  return Array.from({ length: 6 }, () => random.uint32());
};

describe('at', () => {
  test('the same place repeats its numbers, whatever was drawn elsewhere', () => {
    const first = draws(42, 'order', 3, 7);
    draws(42, 'order', 3, 8);
    expect(draws(42, 'order', 3, 7)).toEqual(first);
  });

  test('the numbers of a place never change from one release to the next', () => {
    expect(draws(42, 'order', 3, 7).slice(0, 3)).toMatchInlineSnapshot(`
      [
        3279699940,
        1306586205,
        1785891196,
      ]
    `);
  });

  test('every coordinate, its order, their count and the name matter', () => {
    const places: Parameters<typeof at>[] = [
      [1],
      [2],
      [1 + 2 ** 32],
      [1, 0],
      [1, 0, 0],
      [1, 0, 0, 0],
      [1, 2, 3],
      [1, 3, 2],
      [1, 2 ** 32],
      [1, 'a'],
      [1, 'b'],
      [1, ''],
      [1, 'a', 'b'],
      [1, 'ab'],
    ];
    const seen = new Set(places.map((place) => draws(...place).join()));
    expect(seen.size).toBe(places.length);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])('%d is no coordinate', (bad) => {
    expect(() => at(bad)).toThrow(RangeError);
    expect(() => at(0, bad)).toThrow(RangeError);
  });

  test('uniform lies in [0, 1) with mean 1/2 and variance 1/12', () => {
    const random = at(5);
    const values = Array.from({ length: 20_000 }, () => random.uniform());
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // Five standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
  });

  test('first draws of neighbouring places are independent: their sums spread as uniforms do', () => {
    const bins = new Array<number>(16).fill(0);
    for (let row = 0; row < 16_000; row++) bins[Math.floor(at(1, 'x', 0, row).uniform() * 16)]!++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 15 degrees of freedom: 99.9 % lie below 37.7.
    expect(chiSquare).toBeLessThan(37.7);
  });

  test('below favours no remainder where the words do not divide evenly', () => {
    // 3·2³⁰ fits once in 2³²: a plain remainder would put half of the draws in the first third.
    const n = 3 * 2 ** 30;
    const random = at(9);
    let low = 0;
    for (let i = 0; i < 9000; i++) if (random.below(n) < 2 ** 30) low++;
    expect(low).toBeGreaterThan(2700);
    expect(low).toBeLessThan(3300);
    expect(at(1).below(1)).toBe(0);
    expect(at(1).below(2 ** 32)).toBe(at(1).uint32());
    expect(() => at(1).below(0)).toThrow(RangeError);
    expect(() => at(1).below(2 ** 32 + 1)).toThrow(RangeError);
  });

  test('permutations of 3 are all there, about equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = at(3, i).permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('a sample has no repeats and each place is drawn about equally often', () => {
    const counts = new Array<number>(5).fill(0);
    for (let i = 0; i < 5000; i++) {
      const drawn = at(4, i).sample(5, 2);
      expect(new Set(drawn).size).toBe(2);
      counts[drawn[0]!]!++;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(at(4).sample(4, 4).sort()).toEqual([0, 1, 2, 3]);
    expect(at(4).sample(4, 0)).toEqual([]);
    expect(() => at(4).sample(3, 4)).toThrow(RangeError);
  });

  test('sampling a few of very many takes no memory for the many', () => {
    expect(
      at(4)
        .sample(2 ** 32, 3)
        .every((i) => i < 2 ** 32),
    ).toBe(true);
  });
});
