import { expect, it } from 'vitest';
import { ABSENT, type Spell, Symbols, spellBytes, spellCharacters } from './byte-pair-symbols.js';

const spelt = (spell: Spell, word: string, { drops = false, fuses = false } = {}) => {
  const symbols = new Symbols(() => (drops ? undefined : 99), fuses);
  spell(symbols, word);
  return [...symbols.ids.subarray(0, symbols.count)];
};

it('spells the UTF-8 bytes of every length', () => {
  const spell = spellBytes(Int32Array.from({ length: 256 }, (_, byte) => byte));
  let text = '';
  for (let point = 1; point < 0x110000; point += point < 0x3000 ? 1 : 997)
    if (point < 0xd800 || point > 0xdfff) text += String.fromCodePoint(point);
  expect(spelt(spell, text)).toEqual([...new TextEncoder().encode(text)]);
});

const ids = new Map(Object.entries({ a: 0, b: 1, '+b': 2, b$: 3, '+b$': 4, 𠀀: 5 }));
it('spells characters by their place in the word', () => {
  const plain = spellCharacters(ids, { prefix: '', suffix: '', fallback: new Int32Array(0) });
  expect(spelt(plain, 'ab𠀀b')).toEqual([0, 1, 5, 1]);
  const marked = spellCharacters(ids, { prefix: '+', suffix: '$', fallback: new Int32Array(0) });
  expect(spelt(marked, 'bbb')).toEqual([1, 2, 4]);
  expect(spelt(marked, 'b')).toEqual([3]);
});

it('counts, fuses or drops what is unknown', () => {
  const spell = spellCharacters(ids, { prefix: '', suffix: '', fallback: new Int32Array(0) });
  expect(spelt(spell, 'x𠀁ayy')).toEqual([99, 99, 0, 99, 99]);
  expect(spelt(spell, 'x𠀁ayy', { fuses: true })).toEqual([99, 0, 99]);
  expect(spelt(spell, 'x𠀁ayy', { drops: true })).toEqual([0]);
});

it('falls back to bytes where all are there', () => {
  const fallback = new Int32Array(256).fill(ABSENT);
  for (const [i, byte] of new TextEncoder().encode('中').entries()) fallback[byte] = 10 + i;
  const spell = spellCharacters(ids, { prefix: '', suffix: '', fallback });
  expect(spelt(spell, 'a中b')).toEqual([0, 10, 11, 12, 1]);
  expect(spelt(spell, '文a')).toEqual([99, 0]);
});

it('gives a long word memory of its own', () => {
  const symbols = new Symbols(() => undefined, false);
  const spell = spellBytes(new Int32Array(256));
  spell(symbols, 'x'.repeat(100_000));
  expect(symbols.count).toBe(100_000);
  spell(symbols, 'x');
  expect([symbols.count, symbols.ids.length]).toEqual([1, 1 << 14]);
});
