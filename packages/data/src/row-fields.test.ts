import { expect, test } from 'vitest';
import { describeValue, readNumber, readNumbers, readText, readTexts } from './row-fields.js';

const at = { file: 'f', line: 1 };

test.each([
  [0.5, 0.5],
  ['0.83', 0.83],
  [' -1e-3 ', -0.001],
  ['.5', 0.5],
  ['+2.', 2],
])('readNumber(%j)', (value, number) => {
  expect(readNumber(at, 'x', value)).toBe(number);
});

test.each([
  ['high', 'wrong-type'],
  ['', 'wrong-type'],
  ['0x10', 'wrong-type'],
  [true, 'wrong-type'],
  [null, 'wrong-type'],
  [undefined, 'wrong-type'],
  [[1], 'wrong-type'],
  ['NaN', 'nan'],
  ['-inf', 'nan'],
  ['1e999', 'nan'],
  [JSON.parse('1e999'), 'nan'],
  [Number.NaN, 'nan'],
])('readNumber(%j) is %s', (value, fault) => {
  expect(() => readNumber(at, 'x', value)).toThrow(expect.objectContaining({ fault }));
});

test('readText refuses blanks, other types and half characters', () => {
  expect(readText(at, 'x', ' 茶 ', 'empty-query')).toBe(' 茶 ');
  expect(() => readText(at, 'x', '\u3000\n', 'empty-query')).toThrow(
    expect.objectContaining({ fault: 'empty-query' }),
  );
  expect(() => readText(at, 'x', 3, 'empty-query')).toThrow('f:1: expected x to be a string, got 3');
  expect(() => readText(at, 'x', 'a\ud800', 'empty-query')).toThrow(/surrogate/);
  expect(readText(at, 'x', '𠮷', 'empty-query')).toBe('𠮷');
});

test('readTexts names the place of a bad entry', () => {
  expect(() => readTexts(at, '"pos"', ['a', 1])).toThrow('f:1: expected "pos"[1] to be a string, got 1');
  expect(() => readTexts(at, '"pos"', ['a', ' '])).toThrow(
    expect.objectContaining({ fault: 'empty-passage' }),
  );
  expect(() => readTexts(at, '"pos"', 'a')).toThrow('expected "pos" to be a list of strings, got "a"');
});

test('readNumbers wants one per text', () => {
  expect(readNumbers(at, 'neg_scores', [1, '2'], 2, 'neg')).toEqual([1, 2]);
  expect(() => readNumbers(at, 'neg_scores', [1], 2, 'neg')).toThrow(
    'f:1: expected "neg_scores" to hold 2 numbers (one per "neg"), got 1',
  );
});

test('describeValue is short', () => {
  expect(describeValue('x'.repeat(1000)).length).toBeLessThan(50);
  expect([describeValue({}), describeValue([1]), describeValue(null)]).toEqual([
    'an object',
    'an array of 1',
    'null',
  ]);
});
