import { expect, it } from 'vitest';
import { hasUnlikeCharacter, pinProperties } from './pin-properties.js';

const matches = (source: string, char: string) =>
  new RegExp(`^(?:${pinProperties(source)})$`, 'u').test(char);

it.each([
  ['\\p{L}', 'é中\u{16ea}', '1 \ua7d2\u{10940}'],
  ['\\P{L}', '1 \ua7d2', 'a中'],
  ['[^\\s\\p{L}\\p{N}]', '!\ua7d2', 'a1 ²'],
  ['[\\P{N}]', 'a!', '1٣'],
  ['[\\p{M}x]', 'x\u0301', 'y\u1acf'],
  ['[\\p{P}\\p{S}]', '!$', 'a\u2b96'],
  ['\\p{Lu}', 'A', 'a'],
])('%s', (source, inside, outside) => {
  for (const char of inside) expect(matches(source, char), JSON.stringify(char)).toBe(true);
  for (const char of outside) expect(matches(source, char), JSON.stringify(char)).toBe(false);
});

it('leaves what only looks like a property', () => {
  expect(pinProperties('\\\\p{L}[a\\]b]\\p{Script=Han}\\[')).toBe('\\\\p{L}[a\\]b]\\p{Script=Han}\\[');
});

it('knows the characters on which the engine and the tables differ', () => {
  expect(hasUnlikeCharacter('abc 中文 ١٢ e\u0301 😀 !$€')).toBe(false);
  const engine = /\p{L}/u;
  const table = new RegExp(pinProperties('\\p{L}'), 'u');
  for (const char of ['\ua7d2', '\u{10940}', '\u0c5c', '\u{16ea0}', '\u088f', 'é'])
    expect(hasUnlikeCharacter(`a${char}b`), char).toBe(engine.test(char) !== table.test(char));
});
