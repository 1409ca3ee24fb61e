import { describe, expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { constant, constantNumbers, input, parameter, type Value } from '../ir/value.js';
import { add, cast, div, mul, neg, reciprocal, sqrt, sub } from '../ops/elementwise.js';
import { expand, reshape, ShapeOp, unsqueeze, zerosLike } from '../ops/movement.js';
import { ReduceProd } from '../ops/reduce.js';
import { concat, slice } from '../ops/slice.js';
import { foldConstants } from './fold.js';

const int = (...numbers: number[]) => constant(numbers, 'int64');
const folded = (y: Value, inputs: readonly Value[] = []) => foldConstants(graphOf(inputs, { y })).outputs.y!;
const numbersOf = (y: Value, inputs: readonly Value[] = []) => constantNumbers(folded(y, inputs));

describe('what folds', () => {
  test('int64 arithmetic, wrapping and truncating as ONNX Runtime does', () => {
    expect(numbersOf(add(mul(int(2, 3), int(4)), int(1)))).toEqual([9, 13]);
    expect(numbersOf(div(int(-7), int(2)))).toEqual([-3]);
    expect(numbersOf(neg(sub(int(1), int(5))))).toEqual([4]);
    const most = constant(new BigInt64Array([2n ** 63n - 1n]), 'int64');
    expect(folded(add(most, int(1))).source).toMatchObject({ data: new BigInt64Array([-(2n ** 63n)]) });
  });
  test('float32 scalars, rounded once per operation', () => {
    const third = div(constant(1), constant(3));
    expect(numbersOf(third)).toEqual([Math.fround(1 / 3)]);
    expect(numbersOf(mul(third, 0.1))).toEqual([Math.fround(Math.fround(1 / 3) * Math.fround(0.1))]);
    expect(numbersOf(sqrt(reciprocal(constant(3))))).toEqual([Math.fround(Math.sqrt(Math.fround(1 / 3)))]);
  });
  test('movement of constants', () => {
    expect(folded(unsqueeze(constant(2), [0, 1]))).toMatchObject({ shape: [1, 1] });
    expect(numbersOf(expand(constant(2), [2, 2]))).toEqual([2, 2, 2, 2]);
    expect(numbersOf(expand(constant(2, 'uint64'), [2]))).toEqual([2, 2]);
    expect(folded(reshape(int(1, 2, 3, 4), [2, 2]))).toMatchObject({ shape: [2, 2], dtype: 'int64' });
    expect(numbersOf(ReduceProd.of([int()], { axes: [0], keepdims: 0 }))).toEqual([1]);
    expect(numbersOf(cast(int(3), 'float32'))).toEqual([3]);
  });
  test('static sizes of a value whose elements are unknown', () => {
    const x = input('x', 'float32', ['batch', 4, 3]);
    const tail = slice(ShapeOp.of([x]), [1], [Number.MAX_SAFE_INTEGER], [0]);
    expect(numbersOf(concat([int(-1), tail], 0), [x])).toEqual([-1, 4, 3]);
    expect(numbersOf(ShapeOp.of([parameter('w', [5, 2])]))).toEqual([5, 2]);
  });
});

describe('what does not', () => {
  const w = parameter('w', [2]);
  const x = input('x', 'float32', ['batch']);
  test.each<readonly [string, Value]>([
    ['a parameter', mul(w, 0)],
    ['an input', mul(x, 0)],
    ['a sum of a constant and a parameter', add(w, constant([1, 2]))],
    ['a symbolic size', ShapeOp.of([x])],
    ['a division by zero', div(int(1), int(0))],
    ['a cast that rounds or overflows', cast(constant(2.5), 'int64')],
    ['a tensor too large for the file', zerosLike(parameter('big', [100, 100]))],
  ])('%s', (_, y) => {
    expect(folded(y, [x]).source).toBe(y.source);
  });
});
