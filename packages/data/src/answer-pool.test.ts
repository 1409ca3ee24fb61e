import { expect, test } from 'vitest';
import { answerPool } from './answer-pool.js';

const question = (i: number) => BigInt(i);
const fill = (count: number, limitBytes: number, needed: number, seed = 1, order = (i: number) => i) => {
  const pool = answerPool({ seed, limitBytes, needed, name: 't' });
  for (let i = 0; i < count; i++) pool.add('', `answer ${order(i)}`, question(i));
  return pool;
};
const texts = (pool: ReturnType<typeof fill>, category = '') =>
  pool
    .finish()
    .get(category)!
    .map(({ text }) => text);

test('keeps all different answers that fit, with every question they answer', () => {
  const pool = answerPool({ seed: 0, limitBytes: 2 ** 20, needed: 1, name: 't' });
  pool.add('a', 'x', 1n);
  pool.add('a', 'x', 2n);
  pool.add('a', 'x', 2n);
  pool.add('b', 'x', 3n);
  const held = pool.finish();
  expect([...held].map(([key, [answer]]) => [key, answer!.text, [...answer!.questions]])).toEqual([
    ['a', 'x', [1n, 2n]],
    ['b', 'x', [3n]],
  ]);
});

test('stays within its bytes, whatever the table, by a sample that seeds decide and repetition does not', () => {
  const limit = 40_000;
  const pool = fill(5000, limit, 5);
  expect(pool.bytes).toBeLessThanOrEqual(limit);
  const kept = texts(pool);
  expect(kept.length).toBeGreaterThan(50);
  expect(texts(fill(5000, limit, 5))).toEqual(kept);
  expect(texts(fill(5000, limit, 5, 2))).not.toEqual(kept);
  // Every answer ten times over, with the same questions: one text has one chance.
  const often = answerPool({ seed: 1, limitBytes: limit, needed: 5, name: 't' });
  for (let i = 0; i < 50_000; i++) often.add('', `answer ${i % 5000}`, question(i % 5000));
  expect(texts(often)).toEqual(kept);
});

test('the sample favours no place in the file', () => {
  // 40 seeds × about 150 kept of 3,000: each third of the file should hold a third, sd about 0.6 %.
  let [kept, early, late] = [0, 0, 0];
  for (let seed = 0; seed < 40; seed++) {
    for (const text of texts(fill(3000, 40_000, 1, seed))) {
      const i = Number(text.split(' ')[1]);
      kept++;
      if (i < 1000) early++;
      if (i >= 2000) late++;
    }
  }
  expect(kept).toBeGreaterThan(4000);
  expect(Math.abs(early / kept - 1 / 3)).toBeLessThan(0.04);
  expect(Math.abs(late / kept - 1 / 3)).toBeLessThan(0.04);
});

test('a large category makes room, small ones stay whole', () => {
  const pool = answerPool({ seed: 3, limitBytes: 40_000, needed: 2, name: 't' });
  for (let i = 0; i < 3000; i++) pool.add(i % 300 === 0 ? 'small' : 'large', `answer ${i}`, question(i));
  expect(texts(pool, 'small').length).toBe(10);
  expect(texts(pool, 'large').length).toBeGreaterThan(50);
});

test('a pool that cannot hold what is asked for says so', () => {
  expect(() => fill(1000, 10_000, 40)).toThrow(
    't: expected poolBytes to hold more than 40 answers, got 10000 bytes — raise poolBytes, or ask for fewer negatives',
  );
  expect(() => fill(1000, 10_000, Number.POSITIVE_INFINITY)).toThrow('to hold all answers');
  const pool = answerPool({ seed: 0, limitBytes: 1000, needed: 1, name: 't' });
  expect(() => {
    for (let i = 0; i < 10; i++) pool.add(`c${i}`, 'x', 0n);
  }).toThrow(/more than 1 answers of category "c/);
});
