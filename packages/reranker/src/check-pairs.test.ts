import { expect, test } from 'vitest';
import { checkPair, checkPairs, checkTexts } from './check-pairs.js';

test('what is right is handed on', () => {
  expect(checkPair(['a', 'b'], 'pair')).toEqual(['a', 'b']);
  expect(checkPairs([['a', 'b']])).toEqual([['a', 'b']]);
  expect(() => checkTexts('q', ['a'])).not.toThrow();
});

test.each([
  [() => checkPair(['a'], 'pair'), 'pair: expected [query, passage], got ["a"] — give two strings'],
  [() => checkPairs('ab'), 'pairs: expected an array of [query, passage], got string'],
  [() => checkPairs([['a', 1]]), 'pairs[0]: expected [query, passage], got ["a",1]'],
  [() => checkTexts(1, []), 'query: expected a string, got number'],
  [() => checkTexts('q', 'ab'), 'passages: expected an array of strings, got string'],
  [() => checkTexts('q', ['a', null]), 'passages[1]: expected a string, got object'],
])('what is not is named', (check, message) => {
  expect(check).toThrow(TypeError);
  expect(check).toThrow(message);
});
