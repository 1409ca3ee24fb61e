import { expect, it } from 'vitest';
import { seededRandom, shuffle } from './random.js';

it('is a function of its seed', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(3)).toEqual(draw(3));
  expect(draw(3)).not.toEqual(draw(4));
});

it('is uniform: 100,000 draws into 20 bins pass a chi-square test', () => {
  const random = seededRandom(11);
  const bins = new Array<number>(20).fill(0);
  for (let i = 0; i < 100_000; i++) bins[Math.floor(random() * 20)]! += 1;
  const chiSquare = bins.reduce((sum, count) => sum + (count - 5_000) ** 2 / 5_000, 0);
  // 0.1 % and 99.9 % points for 19 degrees of freedom.
  expect(chiSquare).toBeGreaterThan(5.4);
  expect(chiSquare).toBeLessThan(43.8);
});

it('gives every order of three the same chance', () => {
  const random = seededRandom(5);
  const counts = new Map<string, number>();
  for (let i = 0; i < 60_000; i++) {
    const items = ['a', 'b', 'c'];
    shuffle(items, random);
    counts.set(items.join(''), (counts.get(items.join('')) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});

it.each([-1, 0.5, 2 ** 32, Number.NaN])('refuses the seed %s', (seed) => {
  expect(() => seededRandom(seed)).toThrow('seed: expected an integer from 0 to 4294967295');
});
