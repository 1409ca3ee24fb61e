import { describe, expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { constant, input, type Value } from '../ir/value.js';
import { add, div, mul, neg, sub } from '../ops/elementwise.js';
import { expandLike, identity, Reshape, reshape, reshapeLike, shapeOf, transpose } from '../ops/movement.js';
import { reduceSum } from '../ops/reduce.js';
import { simplify } from './simplify.js';

const x = input('x', 'float32', ['b', 's', 4]);
const y = input('y', 'float32', ['b', 's', 4]);
const row = input('row', 'float32', [4]);
const simplified = (...values: Value[]): Value[] =>
  Object.values(
    simplify(graphOf([x, y, row], Object.fromEntries(values.map((value, i) => [`o${i}`, value])))).outputs,
  );
const ops = (value: Value): string[] =>
  value.source.kind === 'node'
    ? [...new Set([value.source.op.opType, ...value.source.inputs.flatMap((v) => (v ? ops(v) : []))])]
    : [];

describe('what becomes its operand', () => {
  test.each<readonly [string, Value]>([
    ['Identity', identity(x)],
    ['two inverse transposes', transpose(transpose(x, [1, 2, 0]), [2, 0, 1])],
    ['a reshape to the same shape', Reshape.of([x, shapeOf(x)])],
    ['a reshape and back', reshapeLike(reshape(x, [-1, 4]), x)],
    ['an expansion to the same shape', expandLike(add(x, 0), x)],
    ['two negations', neg(neg(x))],
    ['a factor of 1', mul(1, mul(x, 1))],
    ['a divisor of 1', div(x, 1)],
    ['a term of 0', sub(add(0, add(x, 0)), 0)],
  ])('%s', (_, value) => {
    expect(simplified(value)[0]).toBe(x);
  });
});

test('two transposes are one', () => {
  const [value] = simplified(transpose(transpose(x, [1, 0, 2]), [2, 1, 0]));
  expect(value!.source).toMatchObject({ attributes: { perm: [2, 0, 1] }, inputs: [x] });
});

test('a negated term is a difference, a negated subtrahend a sum', () => {
  expect(
    simplified(add(x, neg(y)), add(neg(x), y), sub(x, neg(y))).map(({ source }) => source),
  ).toMatchObject([
    { op: { opType: 'Sub' }, inputs: [x, y] },
    { op: { opType: 'Sub' }, inputs: [y, x] },
    { op: { opType: 'Add' }, inputs: [x, y] },
  ]);
});

test('a factor of 1 that widens stays, and so does one that is not all ones', () => {
  const ones = constant([1, 1], 'float32', [2, 1]);
  expect(ops(simplified(mul(row, ones))[0]!)).toEqual(['Mul']);
  expect(ops(simplified(mul(row, constant([1, 1, 1, 2])))[0]!)).toEqual(['Mul']);
});

test('an expansion in front of an op that broadcasts is left out, unless its size is needed', () => {
  expect(ops(simplified(mul(expandLike(row, x), y))[0]!)).toEqual(['Mul']);
  expect(ops(simplified(mul(expandLike(row, x), row))[0]!)).toContain('Expand');
});

test('a sum whose kept dims a reshape drops does not keep them; one that others use does', () => {
  const kept = reduceSum(x, [0, 1], true);
  expect(simplified(reshape(kept, [4]))[0]!.source).toMatchObject({ attributes: { keepdims: 0 } });
  expect(ops(simplified(reshape(kept, [4]), kept)[0]!)).toEqual(['Reshape', 'ReduceSum']);
  expect(ops(simplified(reshape(kept, [2, 2]))[0]!)).toEqual(['Reshape', 'ReduceSum']);
});

test('reshapes in a row are one, with constants for the shape where they say it', () => {
  const flat = reshape(x, [-1]);
  expect(simplified(reshape(flat, [-1, 2]))[0]!.source).toMatchObject({ inputs: [x, {}] });
  const wide = reshape(x, [0, 0, 2, 2]);
  const [back] = simplified(Reshape.of([transpose(wide, [0, 1, 3, 2]), shapeOf(x)]));
  expect(ops(back!)).not.toContain('Shape');
  // 0 copies a size of the shape in between, which must stay.
  const zero = reshape(transpose(reshape(x, [-1, 2]), [1, 0]), [0, -1, 2]);
  expect(zero.shape).toEqual(simplified(zero)[0]!.shape);
});
