import { expect, test } from 'vitest';
import { secretOf } from './secret.js';

test('a key that is missing or would break a header is refused without being said', () => {
  expect(() => secretOf('OPENAI_API_KEY', undefined)).toThrow(
    '--api_key_env: expected an API key in the variable OPENAI_API_KEY, got none — set it, or name another',
  );
  for (const value of ['sk-1\nx: y', 'sk-1 ', 'schlüssel', 'sk-1\0']) {
    expect(() => secretOf('KEY', value)).toThrow(/expected an API key in the variable KEY, got blanks/);
    expect(() => secretOf('KEY', value)).not.toThrow(/sk-1|schl/);
  }
});

test('every spelling is hidden, also where one holds another', () => {
  const { hide, authorization } = secretOf('KEY', 'a"b');
  expect(authorization).toBe('Bearer a"b');
  expect(hide('a"b a\\"b a%22b ab')).toBe('*** *** *** ab');
});
