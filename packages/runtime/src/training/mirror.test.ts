import { expect, test } from 'vitest';
import { mirrored } from './mirror.js';

test('makes arrays when they are asked for, and anew after they were let go', () => {
  const parameter = mirrored('weight', [2, 3]);
  const { value, first } = parameter;
  expect(parameter.value).toBe(value);
  expect(parameter.first).toBe(first);
  expect(value.shape).toEqual([2, 3]);
  expect([first, parameter.second, parameter.gradient.data].map(({ length }) => length)).toEqual([6, 6, 6]);
  first[0] = 1;
  parameter.drop();
  expect(parameter.first[0]).toBe(0);
  expect(parameter.value).not.toBe(value);
});
