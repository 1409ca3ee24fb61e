import { expect, test } from 'vitest';
import { basic, bearer, secretIn } from './credentials.js';

test('a secret is hidden in every spelling, and never said', () => {
  const { hide, authorization } = bearer('a/"b');
  expect(authorization).toBe('Bearer a/"b');
  expect(hide('x a/"b a/\\"b a%2F%22b')).toBe('x *** *** ***');
  const pair = basic('api', 'key-1');
  expect(pair.hide(`${pair.authorization} key-1`)).toBe('Basic *** ***');
});

test('a variable that is missing or no header', () => {
  expect(secretIn({}, 'KEY')).toBeUndefined();
  expect(secretIn({ KEY: '' }, 'KEY')).toBeUndefined();
  expect(() => secretIn({ KEY: 'two words' }, 'KEY')).toThrow(/^KEY: (?!.*two)/);
});
