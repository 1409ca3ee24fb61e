import { expect, test } from 'vitest';
import { floats, inPrecision, numbersOf, spreadFloats, tensor, uniform } from './host-tensor.js';

test('numbers are a function of the seed, spread over the interval', () => {
  expect(numbersOf(floats([2, 3], 5))).toEqual(numbersOf(floats([2, 3], 5)));
  expect(numbersOf(floats([2, 3], 5))).not.toEqual(numbersOf(floats([2, 3], 6)));
  const many = numbersOf(floats([4000], 1, 2, 4));
  expect(Math.min(...many)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...many)).toBeLessThan(4);
  expect(many.reduce((sum, x) => sum + x, 0) / many.length).toBeCloseTo(3, 1);
  expect(new Set(many).size).toBeGreaterThan(3990);
  expect(uniform(1)()).not.toBe(uniform(2)());
});

test('spread numbers are 0.2 apart and centred, in no order', () => {
  const numbers = numbersOf(spreadFloats([10], 3, 0.5));
  const sorted = numbers.toSorted((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) expect(sorted[i]! - sorted[i - 1]!).toBeCloseTo(0.2, 12);
  expect(sorted[0]! + sorted[9]!).toBeCloseTo(1, 12);
  expect(numbers).not.toEqual(sorted);
});

test('elements as they are written, and float32 where it is asked for', () => {
  expect(tensor([1, -2])).toEqual({ dtype: 'int64', shape: [2], data: new BigInt64Array([1n, -2n]) });
  expect(tensor([1, 0], 'bool', [2, 1]).data).toEqual(new Uint8Array([1, 0]));
  expect(inPrecision(tensor([0.1], 'float64'), 'float32')).toEqual(tensor([0.1], 'float32'));
  const ids = tensor([3]);
  expect(inPrecision(ids, 'float32')).toBe(ids);
});
