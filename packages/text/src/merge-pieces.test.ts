import { expect, it } from 'vitest';
import { mergePieces } from './merge-pieces.js';

const spell = (word: string, count: number) => ({
  pieces: [...word].map((char, i) => (i === 0 ? char : `##${char}`)),
  count,
});

it('joins the most frequent pair first, ties to the smaller strings', () => {
  const words = [spell('low', 5), spell('lower', 2), spell('new', 6), spell('newer', 3)];
  expect([...mergePieces(words, 5)]).toEqual(['##ew', 'new', '##ow', 'low', '##er']);
  expect(words.map((word) => word.pieces.join(' '))).toEqual(['low', 'low ##er', 'new', 'new ##er']);
});

it('joins overlapping pairs from the left', () => {
  const words = [spell('aaaaa', 1)];
  expect([...mergePieces(words, 2)]).toEqual(['##aa']);
  expect(words[0]!.pieces).toEqual(['a', '##aa', '##aa']);
});

it('agrees with counting anew before every merge', () => {
  const texts = 'banana bandana cabana abba babab aabb nana'.split(' ');
  const make = () => texts.map((text, i) => spell(text, 1 + (i % 3)));
  const merged = [...mergePieces(make(), 2)];
  const words = make();
  const expected: string[] = [];
  for (;;) {
    const counts = new Map<string, number>();
    for (const { pieces, count } of words)
      for (let i = 0; i + 1 < pieces.length; i += 1) {
        const key = `${pieces[i]} ${pieces[i + 1]}`;
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    const best = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0];
    if (!best || best[1] < 2) break;
    const [left, right] = best[0].split(' ') as [string, string];
    expected.push(left + right.slice(2));
    for (const word of words) {
      const joined: string[] = [];
      for (let i = 0; i < word.pieces.length; i += 1)
        if (word.pieces[i] === left && word.pieces[i + 1] === right) {
          joined.push(left + right.slice(2));
          i += 1;
        } else joined.push(word.pieces[i]!);
      word.pieces = joined;
    }
  }
  expect(expected.length).toBeGreaterThan(8);
  expect(merged).toEqual(expected);
});
