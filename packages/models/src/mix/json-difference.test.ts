import { expect, test } from 'vitest';
import { jsonDifferences } from './json-difference.js';

const differences = (first: unknown, second: unknown, inBoth?: boolean) => [
  ...jsonDifferences(first, second, 'file', inBoth),
];

test('differences are named by their paths', () => {
  const first = { same: [1, { a: null }], list: [1, 2], long: [1], gone: 0, kind: {} };
  const second = { same: [1, { a: null }], list: [1, 3], long: [1, 2], kind: [], extra: true };
  expect(differences(first, second)).toEqual([
    'file.list[1]: 3, not 2',
    'file.long: 2 items, not 1',
    'file.gone: only in the first',
    'file.kind: [], not {}',
    'file.extra: only in this',
  ]);
  expect(differences(first, structuredClone(first))).toEqual([]);
});

test('keys of one side are passed over where that is asked for, at every depth', () => {
  expect(differences({ a: { b: 1, c: 2 } }, { a: { b: 1 }, d: 3 }, true)).toEqual([]);
  expect(differences({ a: { b: 1 } }, { a: { b: 2, c: 1 } }, true)).toEqual(['file.a.b: 2, not 1']);
});

test('a key of the prototype is not there', () => {
  expect(differences(JSON.parse('{"toString":1}'), {})).toEqual(['file.toString: only in the first']);
});
