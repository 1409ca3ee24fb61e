import { expect, it } from 'vitest';
import {
  describe,
  readArray,
  readBoolean,
  readInteger,
  readNumber,
  readObject,
  readString,
} from './read-field.js';

it('returns what has the right type', () => {
  expect(readObject({ a: 1 }, 'x')).toEqual({ a: 1 });
  expect(readArray([1], 'x', 1)).toEqual([1]);
  expect(readString('a', 'x')).toBe('a');
  expect(readBoolean(null, 'x', true)).toBe(true);
  expect(readInteger(3, 'x', 3)).toBe(3);
  expect(readNumber(-0.5, 'x')).toBe(-0.5);
});

it.each([
  ['object', () => readObject([], 'x.y')],
  ['object', () => readObject(null, 'x.y')],
  ['array', () => readArray({}, 'x.y', 1)],
  ['at most 1 entries', () => readArray([1, 2], 'x.y', 1)],
  ['string', () => readString(5, 'x.y')],
  ['at most 2 characters', () => readString('abc', 'x.y', 2)],
  ['true or false', () => readBoolean('yes', 'x.y', true)],
  ['integer from 0 to 9', () => readInteger(10, 'x.y', 9)],
  ['integer', () => readInteger(-1, 'x.y', 9)],
  ['integer', () => readInteger(1.5, 'x.y', 9)],
  ['finite number', () => readNumber(Number.NaN, 'x.y')],
])('refuses what is no %s, naming the place', (expected, read) => {
  expect(read).toThrow(new RegExp(`^x\\.y: expected .*${expected}`));
});

it('describes values briefly', () => {
  expect([undefined, null, [1, 2], {}, 'a', 'a'.repeat(99), 5].map(describe)).toEqual([
    'nothing',
    'null',
    'an array of 2',
    'an object',
    '"a"',
    'a string of 99 characters',
    '5',
  ]);
});
