import { expect, it } from 'vitest';
import { compilePattern } from './pattern.js';

const found = (pattern: unknown, text: string) =>
  Array.from(compilePattern(pattern, 'p').matches(text), (match) => [match.index, match[0]]);

it('takes strings literally and translates Oniguruma', () => {
  expect(found({ String: '.' }, 'a.b.c')).toEqual([
    [1, '.'],
    [3, '.'],
  ]);
  expect(found({ Regex: '(?i:a)\\d|\\p{L}' }, 'A9 é')).toEqual([
    [0, 'A9'],
    [3, 'é'],
  ]);
});

it('runs a pattern that would never end otherwise', () => {
  const text = `${'a'.repeat(10_000)}!`;
  expect(found({ Regex: '(?:a|a)*b' }, text)).toEqual([]);
  expect(found({ Regex: '(a+)+!' }, text)).toEqual([[0, text]]);
});

it.each([
  [{ Regex: '(a)\\1' }, 'a reference to a group'],
  [{ Regex: '(?:(?:a{1000}){1000}b)*' }, 'more than 4096 steps'],
])('refuses %j, which cannot be matched in bounded time', (pattern, reason) => {
  expect(() => compilePattern(pattern, 'json pattern')).toThrow(
    /^json pattern: expected a pattern that can be matched in bounded time/,
  );
  expect(() => compilePattern(pattern, 'p')).toThrow(reason);
});

it.each([[{ Regex: '[' }], [{ String: '' }], [{}], ['x'], [{ Regex: 5 }]])('refuses %j', (pattern) => {
  expect(() => compilePattern(pattern, 'json pattern')).toThrow(/^json pattern/);
});
