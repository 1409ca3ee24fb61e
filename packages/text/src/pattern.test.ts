import { expect, it } from 'vitest';
import { compilePattern } from './pattern.js';

it('takes strings literally and translates Oniguruma', () => {
  expect('a.b.c'.replace(compilePattern({ String: '.' }, 'p'), () => '$&')).toBe('a$&b$&c');
  expect('A9 é'.match(compilePattern({ Regex: '(?i:a)\\d|\\p{L}' }, 'p'))).toEqual(['A9', 'é']);
});

it.each([[{ Regex: '[' }], [{ String: '' }], [{}], ['x'], [{ Regex: 5 }]])('refuses %j', (pattern) => {
  expect(() => compilePattern(pattern, 'json pattern')).toThrow(/^json pattern/);
});
