import { expect, test } from 'vitest';
import { shuffleText } from './shuffle-text.js';

const text = Array.from({ length: 200 }, (_, i) => String.fromCharCode(0x4e00 + i)).join('');
const parts = [text.slice(0, 67), text.slice(67, 134), text.slice(134)];

test('a long text is cut in three and its parts come in every order, joined by spaces', () => {
  const seen = new Set<string>();
  for (let row = 0; row < 200; row++) {
    const shuffled = shuffleText(text, 1, 7, 0, row).split(' ');
    expect([...shuffled].sort()).toEqual([...parts].sort());
    seen.add(shuffled.map((part) => parts.indexOf(part)).join(''));
  }
  expect(seen.size).toBe(6);
});

test('a text of 100 characters or a rate of 0 changes nothing', () => {
  const short = text.slice(0, 100);
  for (let row = 0; row < 50; row++) expect(shuffleText(short, 1, 7, 0, row)).toBe(short);
  for (let row = 0; row < 50; row++) expect(shuffleText(text, 0, 7, 0, row)).toBe(text);
});

test('the rate is the share of texts that are cut', () => {
  let cut = 0;
  for (let row = 0; row < 4000; row++) if (shuffleText(text, 0.25, 7, 0, row).includes(' ')) cut++;
  // Expected 1000; one standard deviation is 27.
  expect(Math.abs(cut - 1000)).toBeLessThan(140);
});

test('the draw is a function of seed, epoch and row', () => {
  const orders = (seed: number, epoch: number) =>
    Array.from({ length: 30 }, (_, row) => shuffleText(text, 0.5, seed, epoch, row)).join('\n');
  expect(orders(1, 2)).toBe(orders(1, 2));
  expect(orders(1, 2)).not.toBe(orders(1, 3));
  expect(orders(1, 2)).not.toBe(orders(2, 2));
});

test('characters are code points: astral ones are counted once and never split', () => {
  const astral = '𠮷'.repeat(90);
  expect(shuffleText(astral, 1, 7, 0, 0)).toBe(astral);
  expect(shuffleText('𠮷'.repeat(101), 1, 7, 0, 0)).not.toMatch(/\p{Surrogate}/u);
});

test.each([-0.1, 1.1, Number.NaN])('a rate of %d is refused', (rate) => {
  expect(() => shuffleText(text, rate, 7, 0, 0)).toThrow('shuffle_rate: expected 0 to 1');
});
