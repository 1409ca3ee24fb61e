import { expect, test } from 'vitest';
import { checkPair, checkPairs, checkTexts } from './check-texts.js';

test('what is right is handed on', () => {
  expect(checkPair(['a', 'b'], 'pair')).toEqual(['a', 'b']);
  expect(checkPairs([['a', 'b']])).toEqual([['a', 'b']]);
  expect(checkTexts('texts', ['a'])).toEqual(['a']);
});

test.each([
  [() => checkPair(['a'], 'pair'), 'pair: expected [query, passage], got ["a"] — give two strings'],
  [() => checkPair('ab', 'pair'), 'pair: expected [query, passage], got "ab"'],
  [() => checkPairs('ab'), 'pairs: expected an array of [query, passage], got string'],
  [
    () =>
      checkPairs([
        ['a', 'b'],
        ['a', 1],
      ]),
    'pairs[1]: expected [query, passage], got ["a",1]',
  ],
  [() => checkTexts('texts', 'ab'), 'texts: expected an array of strings, got string'],
  [() => checkTexts('texts', ['a', null]), 'texts[1]: expected a string, got object'],
])('what is not is named', (check, message) => {
  expect(check).toThrow(TypeError);
  expect(check).toThrow(message);
});
