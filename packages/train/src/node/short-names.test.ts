import { expect, test } from 'vitest';
import { shortNames } from './short-names.js';

test.each([
  [
    ['models/base', 'out\\tuned/'],
    ['base', 'tuned'],
  ],
  [['BAAI/bge-m3'], ['bge-m3']],
  [
    ['a/model', 'b/model'],
    ['a/model', 'b/model'],
  ],
  [
    ['a/m', 'a/m'],
    ['a/m', 'a/m (2)'],
  ],
])('%j', (models, names) => {
  expect(shortNames(models)).toEqual(names);
});
