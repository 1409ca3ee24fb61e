import { expect, test } from 'vitest';
import { statedFields } from './stated-fields.js';

test('fields that stand, fields that do not, and null as Python writes None', () => {
  const fields = statedFields({ a: 'x', b: 3, c: false, d: ['y'], e: null }, 'f.json');
  expect([fields.string('a', ''), fields.count('b', 1), fields.boolean('c', true)]).toEqual(['x', 3, false]);
  expect(fields.strings('d', [])).toEqual(['y']);
  expect([fields.string('e', 'z'), fields.count('g', 7), fields.boolean('toString', true)]).toEqual([
    'z',
    7,
    true,
  ]);
});

test.each([
  ['string', 1, '"k" expected a string, got 1'],
  ['count', 0, '"k" expected a whole number ≥ 1, got 0'],
  ['count', 1.5, '"k" expected a whole number ≥ 1, got 1.5'],
  ['count', '32', '"k" expected a whole number ≥ 1, got "32"'],
  ['boolean', 'no', '"k" expected true or false, got "no"'],
  ['strings', ['a', 1], '"k" expected a list of strings, got ["a",1]'],
] as const)('%s refuses %j', (kind, value, message) => {
  const fields = statedFields({ k: value }, 'f.json') as unknown as Record<
    string,
    (field: string) => unknown
  >;
  expect(() => fields[kind]!('k')).toThrow(`f.json: ${message}`);
});
