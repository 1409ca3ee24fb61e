import { describe, expect, test } from 'vitest';
import { add, cast, div, equal, mul, sub, where } from '../ops/elementwise.js';
import { gather } from '../ops/gather.js';
import { Expand, reshape, ShapeOp, squeeze, unsqueeze } from '../ops/movement.js';
import { concat, slice } from '../ops/slice.js';
import { broadcastShapes, dimsOf, normalizeAxis, sameDType } from './shape.js';
import { constant, input, type Value } from './value.js';

test('broadcasting: a symbol meets 1 or itself', () => {
  expect(broadcastShapes([2, 1], [3])).toEqual([2, 3]);
  expect(broadcastShapes(['n', 1, 4], ['n', 5, 1])).toEqual(['n', 5, 4]);
  expect(broadcastShapes([], ['n'])).toEqual(['n']);
  expect(broadcastShapes([0], [1])).toEqual([0]);
  expect(() => broadcastShapes(['n'], ['m'])).toThrow('got [n] and [m]');
  expect(() => broadcastShapes(['n'], [2])).toThrow('expected shapes that broadcast');
  expect(() => broadcastShapes([3], [2])).toThrow('expected shapes that broadcast');
});

test('axes from either end', () => {
  expect(normalizeAxis(-1, 3)).toBe(2);
  expect(normalizeAxis(2, 3)).toBe(2);
  for (const axis of [3, -4, 0.5, Number.NaN]) expect(() => normalizeAxis(axis, 3)).toThrow('in [-3, 3)');
});

test('operands of two dtypes', () => {
  const [a, b] = [input('a', 'float32', []), input('b', 'int64', [])];
  expect(sameDType(a, null, a)).toBe('float32');
  expect(() => sameDType(a, b)).toThrow('got float32 and int64');
});

describe('integers that follow from shapes', () => {
  const x = input('x', 'float32', ['b', 's', 4]);
  const shape = ShapeOp.of([x]);
  const int = (...numbers: number[]) => constant(numbers, 'int64');
  test.each<readonly [string, Value, unknown]>([
    ['constants', int(2, 3), [2, 3]],
    ['a shape', shape, ['b', 's', 4]],
    ['some of its axes', ShapeOp.of([x], { start: 1, end: -1 }), ['s']],
    ['a slice', slice(shape, [-2], [Number.MAX_SAFE_INTEGER], [0]), ['s', 4]],
    ['an element', gather(shape, constant(-1, 'int64')), [4]],
    ['a concatenation', concat([int(-1), gather(shape, int(1, 0))], 0), [-1, 's', 'b']],
    ['a scalar and back', unsqueeze(squeeze(slice(shape, [0], [1], [0]), [0]), [0]), ['b']],
    ['arithmetic', add(mul(shape, 2), sub(shape, int(1, 1, 1))), ['3*b-1', '3*s-1', 11]],
    ['an exact quotient', div(mul(shape, 6), 3), ['2*b', '2*s', 8]],
    ['an inexact quotient', div(shape, 3), undefined],
    ['a quotient of numbers, cut', div(int(7, -7), 2), [3, -3]],
    [
      'what torch expands to: a size, or 1 where −1 is asked for',
      where(
        equal(concat([gather(shape, int(0)), int(-1)], 0), -1),
        Expand.of([int(1), int(2)]),
        gather(shape, int(0, 1)),
      ),
      ['b', 1],
    ],
    ['a choice that depends on a size', where(equal(gather(shape, int(0)), 2), int(1), int(3)), undefined],
    ['int32 between int64', cast(cast(shape, 'int32'), 'int64'), ['b', 's', 4]],
    ['data', input('y', 'int64', [2]), undefined],
    ['a comparison cast to integers', cast(cast(int(3), 'bool'), 'int64'), undefined],
    ['a matrix', reshape(int(1, 2, 3, 4), [2, 2]), undefined],
  ])('%s', (_, value, expected) => {
    expect(dimsOf(value)).toEqual(expected);
  });

  test('a value that doubles at each node is followed once, and not beyond a length', () => {
    let sum: Value = int(1);
    let list: Value = int(1);
    for (let i = 0; i < 45; i++) sum = add(sum, sum);
    for (let i = 0; i < 30; i++) list = concat([list, list], 0);
    expect(dimsOf(sum)).toEqual([2 ** 45]);
    expect(dimsOf(list)).toBeUndefined();
  });
});
