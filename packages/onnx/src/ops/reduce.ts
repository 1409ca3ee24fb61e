import { divDims, sizeOf } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { expectDType, expectFloat, normalizeAxis, withShape } from '../ir/shape.js';
import type { Shape } from '../ir/type.js';
import { constant, constantNumbers, type Operand, type Value } from '../ir/value.js';
import { cast, div, equal, mul } from './elementwise.js';
import { scatterElements } from './gather.js';
import { expandLike, shapeOf, unsqueeze, zerosLike } from './movement.js';

const ints = (numbers: readonly number[]): Value => constant(numbers, 'int64');

function reducedShape(shape: Shape, axes: readonly number[] | undefined, keepdims: boolean): Shape {
  const reduced = new Set(
    (axes ?? shape.map((_, axis) => axis)).map((axis) => normalizeAxis(axis, shape.length)),
  );
  return keepdims
    ? shape.map((dim, axis) => (reduced.has(axis) ? 1 : dim))
    : shape.filter((_, axis) => !reduced.has(axis));
}

/** dy of a reduction over `axes`, in the reduced operand's rank so that it broadcasts against it. */
function withReducedAxes(dy: Value, x: Value, axes: readonly number[] | undefined, keepdims: boolean): Value {
  if (keepdims) return dy;
  const at = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => normalizeAxis(axis, x.shape.length));
  return at.length === 0
    ? dy
    : unsqueeze(
        dy,
        at.toSorted((a, b) => a - b),
      );
}

export const ReduceSum = defineOp<[Value, Value | null], { keepdims: number }>('ReduceSum', {
  operands: 2,
  infer: ([x, axes], { keepdims }) => [
    withShape(x, reducedShape(x.shape, constantNumbers(axes), keepdims === 1)),
  ],
  gradient: ({ inputs: [x, axes], attributes: { keepdims }, dy }) => [
    expandLike(withReducedAxes(dy, x, constantNumbers(axes), keepdims === 1), x),
    null,
  ],
});

type AxesAttributes = { axes?: readonly number[]; keepdims: number };

export const ReduceMean = defineOp<[Value], AxesAttributes>('ReduceMean', {
  infer: ([x], { axes, keepdims }) => {
    expectFloat(x);
    return [withShape(x, reducedShape(x.shape, axes, keepdims === 1))];
  },
  gradient: ({ inputs: [x], y, attributes: { axes, keepdims }, dy }) => {
    const wide = withReducedAxes(dy, x, axes, keepdims === 1);
    return [expandLike(div(wide, countRatio(x, y)), x)];
  },
});

/** Elements of x per element of y. */
function countRatio(x: Value, y: Value): Operand {
  const ratio = divDims(sizeOf(x.shape), sizeOf(y.shape));
  if (typeof ratio === 'number') return ratio;
  const count = (value: Value) => cast(product(shapeOf(value)), x.dtype);
  return div(count(x), count(y));
}

export const ReduceProd = defineOp<[Value], AxesAttributes>('ReduceProd', {
  infer: ([x], { axes, keepdims }) => [withShape(x, reducedShape(x.shape, axes, keepdims === 1))],
  gradient: 'none',
});
const product = (dims: Value): Value => ReduceProd.of([dims], { axes: [0], keepdims: 0 });

/** The gradient is shared evenly among equal maxima. */
export const ReduceMax = defineOp<[Value], AxesAttributes>('ReduceMax', {
  infer: ([x], { axes, keepdims }) => [withShape(x, reducedShape(x.shape, axes, keepdims === 1))],
  gradient: ({ inputs: [x], y, attributes: { axes, keepdims }, dy }) => {
    const wide = (value: Value) => withReducedAxes(value, x, axes, keepdims === 1);
    const chosen = cast(equal(x, wide(y)), x.dtype);
    const ties = ReduceSum.of([chosen, axes ? ints(axes) : null], { keepdims: 1 });
    return [mul(chosen, div(wide(dy), ties))];
  },
});

export const ArgMax = defineOp<[Value], { axis: number; keepdims: number; select_last_index?: number }>(
  'ArgMax',
  {
    infer: ([x], { axis, keepdims }) => [
      { dtype: 'int64', shape: reducedShape(x.shape, [axis], keepdims === 1) },
    ],
    gradient: 'none',
  },
);

/** The k largest (or smallest) along an axis, and where they stood. */
export const TopK = defineOp<[Value, Value], { axis: number; largest: number; sorted: number }>('TopK', {
  infer: ([x, k], { axis }) => {
    expectDType(k, 'int64');
    const count = constantNumbers(k)?.[0];
    if (count === undefined)
      throw new GraphError('TopK', 'expected a constant k, got a value that depends on data');
    const at = normalizeAxis(axis, x.shape.length);
    const length = x.shape[at]!;
    if (typeof length === 'number' && count > length)
      throw new GraphError('TopK', `expected k ≤ ${length}, got ${count}`);
    const shape = x.shape.map((dim, i) => (i === at ? count : dim));
    return [withShape(x, shape), { dtype: 'int64', shape }];
  },
  gradient: ({ inputs: [x], outputs, attributes: { axis }, gradients: [dy] }) => [
    dy ? scatterElements(zerosLike(x), outputs[1]!, dy, axis, 'add') : null,
    null,
  ],
});

export const CumSum = defineOp<[Value, Value], { exclusive: number; reverse: number }>('CumSum', {
  infer: ([x]) => [x],
  gradient: ({ inputs: [, axis], attributes: { exclusive, reverse }, dy }): [Value, null] => [
    CumSum.of([dy, axis], { exclusive, reverse: 1 - reverse }),
    null,
  ],
});

/** Sum over the axes, all of them by default. */
export const reduceSum = (x: Value, axes?: readonly number[], keepdims = false): Value =>
  ReduceSum.of([x, axes ? ints(axes) : null], { keepdims: keepdims ? 1 : 0 });

/** Mean over the axes, all of them by default. */
export const reduceMean = (x: Value, axes?: readonly number[], keepdims = false): Value =>
  ReduceMean.of([x], { axes, keepdims: keepdims ? 1 : 0 });

/** Maximum over the axes, all of them by default. */
export const reduceMax = (x: Value, axes?: readonly number[], keepdims = false): Value =>
  ReduceMax.of([x], { axes, keepdims: keepdims ? 1 : 0 });

/** Index of the (first) maximum along an axis, int64. */
export const argMax = (x: Value, axis: number, keepdims = false): Value =>
  ArgMax.of([x], { axis, keepdims: keepdims ? 1 : 0 });

/** The k largest along an axis in descending order: values and int64 indices. */
export function topK(x: Value, k: number, axis = -1, largest = true): { values: Value; indices: Value } {
  const [values, indices] = TopK.all([x, ints([k])], { axis, largest: largest ? 1 : 0, sorted: 1 });
  return { values: values!, indices: indices! };
}

/** Running sum along an axis. */
export const cumSum = (
  x: Value,
  axis: number,
  options: { exclusive?: boolean; reverse?: boolean } = {},
): Value =>
  CumSum.of([x, constant(axis, 'int64')], {
    exclusive: options.exclusive ? 1 : 0,
    reverse: options.reverse ? 1 : 0,
  });
