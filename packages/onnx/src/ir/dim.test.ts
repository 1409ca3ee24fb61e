import { describe, expect, test } from 'vitest';
import { addDims, divDims, evaluateDim, isStatic, mulDims, sameShape, sizeOf, subDims } from './dim.js';

describe('arithmetic is canonical: equal sizes are equal strings', () => {
  test('sums', () => {
    expect(addDims(2, 3)).toBe(5);
    expect(addDims('batch', 0)).toBe('batch');
    expect(addDims('b', 'a')).toBe(addDims('a', 'b'));
    expect(addDims(addDims('a', 1), addDims('a', -1))).toBe('2*a');
    expect(addDims(addDims('b', 3), 'a')).toBe('a+b+3');
  });
  test('differences vanish', () => {
    expect(subDims('seq', 'seq')).toBe(0);
    expect(subDims(addDims('seq', 2), 'seq')).toBe(2);
    expect(subDims('a', addDims('b', 1))).toBe('a-1*b-1');
    expect(addDims(subDims('a', addDims('b', 1)), addDims('b', 1))).toBe('a');
  });
  test('products', () => {
    expect(mulDims('seq', 'batch')).toBe('batch*seq');
    expect(mulDims(mulDims('b', 2), mulDims('a', 3))).toBe('6*a*b');
    expect(mulDims(addDims('a', 1), subDims('a', 1))).toBe('a*a-1');
    expect(mulDims('a', 0)).toBe(0);
  });
  test('quotients where they are exact, undefined elsewhere', () => {
    expect(divDims(mulDims('batch', 'seq'), 'seq')).toBe('batch');
    expect(divDims('6*a', '2*a')).toBe(3);
    expect(divDims(addDims(mulDims('a', 4), 8), 4)).toBe('a+2');
    expect(divDims(12, 4)).toBe(3);
    expect(divDims(13, 4)).toBeUndefined();
    expect(divDims('a', 'b')).toBeUndefined();
    expect(divDims(addDims('a', 1), 'a')).toBeUndefined();
    expect(divDims('a', addDims('a', 0))).toBe(1);
    expect(divDims('a', 0)).toBeUndefined();
  });
});

test('sizes and comparisons', () => {
  expect(sizeOf([])).toBe(1);
  expect(sizeOf([2, 'n', 3])).toBe('6*n');
  expect(sameShape(['n', 2], ['n', 2])).toBe(true);
  expect(sameShape(['n', 2], ['m', 2])).toBe(false);
  expect(sameShape([2], [2, 1])).toBe(false);
  expect(isStatic([2, 3])).toBe(true);
  expect(isStatic([2, 'n'])).toBe(false);
});

test('evaluation, and a symbol without a value', () => {
  expect(evaluateDim('2*a*b-3', { a: 4, b: 5 })).toBe(37);
  expect(evaluateDim(7, {})).toBe(7);
  expect(() => evaluateDim('2*a*b', { a: 4 })).toThrow('expected a value for "b", got none');
});

test('a product that doubles without end stops', () => {
  let dim = addDims('a', 'b');
  expect(() => {
    for (let i = 0; i < 40; i++) dim = mulDims(dim, dim);
  }).toThrow(RangeError);
});
