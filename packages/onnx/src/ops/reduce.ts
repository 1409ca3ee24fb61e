import { divDims, sizeOf } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { dimsOf, expectDType, expectFloat, normalizeAxis, withShape } from '../ir/shape.js';
import type { Shape } from '../ir/type.js';
import { constant, constantNumbers, type Operand, type Value } from '../ir/value.js';
import { cast, div, equal, mul } from './elementwise.js';
import { scatterElements } from './gather.js';
import { expandLike, shapeOf, unsqueeze, zerosLike } from './movement.js';

const ints = (numbers: readonly number[]): Value => constant(numbers, 'int64');

/** Axes of a reduction; none given means all of them, as ONNX has it. */
const listed = (axes: readonly number[] | undefined): readonly number[] | undefined =>
  axes?.length ? axes : undefined;

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

/** Axes that come as an operand. */
function constantAxes(axes: Value | null): readonly number[] | undefined {
  const numbers = constantNumbers(axes);
  if (axes && !numbers)
    throw new GraphError('axes', 'expected constant axes, got values that depend on data');
  return listed(numbers);
}

type SumAttributes = { keepdims: number; noop_with_empty_axes?: number };

export const ReduceSum = defineOp<[Value, Value | null], SumAttributes>('ReduceSum', {
  operands: 2,
  defaults: { keepdims: 1, noop_with_empty_axes: 0 },
  infer: ([x, axes], { keepdims, noop_with_empty_axes = 0 }) => {
    const at = constantAxes(axes);
    if (!at && noop_with_empty_axes !== 0)
      throw new GraphError(
        'ReduceSum',
        'expected axes, got none with noop_with_empty_axes — leave the sum out',
      );
    return [withShape(x, reducedShape(x.shape, at, keepdims === 1))];
  },
  gradient: ({ inputs: [x, axes], attributes: { keepdims }, dy }) => [
    expandLike(withReducedAxes(dy, x, constantAxes(axes), keepdims === 1), x),
    null,
  ],
});

type AxesAttributes = { axes?: readonly number[]; keepdims: number };
const axesDefaults = { axes: undefined, keepdims: 1 };

export const ReduceMean = defineOp<[Value], AxesAttributes>('ReduceMean', {
  defaults: axesDefaults,
  infer: ([x], { axes, keepdims }) => {
    expectFloat(x);
    return [withShape(x, reducedShape(x.shape, listed(axes), keepdims === 1))];
  },
  gradient: ({ inputs: [x], y, attributes: { axes, keepdims }, dy }) => {
    const wide = withReducedAxes(dy, x, listed(axes), keepdims === 1);
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
  defaults: axesDefaults,
  infer: ([x], { axes, keepdims }) => [withShape(x, reducedShape(x.shape, listed(axes), keepdims === 1))],
  gradient: 'none',
});
const product = (dims: Value): Value => ReduceProd.of([dims], { axes: [0], keepdims: 0 });

/** The gradient is shared evenly among equal maxima. */
export const ReduceMax = defineOp<[Value], AxesAttributes>('ReduceMax', {
  defaults: axesDefaults,
  infer: ([x], { axes, keepdims }) => [withShape(x, reducedShape(x.shape, listed(axes), keepdims === 1))],
  gradient: ({ inputs: [x], y, attributes: { axes, keepdims }, dy }) => {
    const wide = (value: Value) => withReducedAxes(value, x, listed(axes), keepdims === 1);
    const chosen = cast(equal(x, wide(y)), x.dtype);
    const ties = ReduceSum.of([chosen, axes?.length ? ints(axes) : null], { keepdims: 1 });
    return [mul(chosen, div(wide(dy), ties))];
  },
});

export const ArgMax = defineOp<[Value], { axis: number; keepdims: number; select_last_index?: number }>(
  'ArgMax',
  {
    defaults: { axis: 0, keepdims: 1, select_last_index: 0 },
    infer: ([x], { axis, keepdims }) => [
      { dtype: 'int64', shape: reducedShape(x.shape, [axis], keepdims === 1) },
    ],
    gradient: 'none',
  },
);

/** The k largest (or smallest) along an axis, and where they stood. */
export const TopK = defineOp<[Value, Value], { axis: number; largest: number; sorted: number }>('TopK', {
  defaults: { axis: -1, largest: 1, sorted: 1 },
  infer: ([x, k], { axis }) => {
    expectDType(k, 'int64');
    const count = dimsOf(k)?.[0];
    if (count === undefined)
      throw new GraphError('TopK', 'expected a k that follows from constants and Shape(), got data');
    const at = normalizeAxis(axis, x.shape.length);
    const length = x.shape[at]!;
    if (typeof length === 'number' && typeof count === 'number' && count > length)
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
  defaults: { exclusive: 0, reverse: 0 },
  infer: ([x]) => [x],
  gradient: ({ inputs: [, axis], attributes: { exclusive, reverse }, dy }): [Value, null] => [
    CumSum.of([dy, axis], { exclusive, reverse: 1 - reverse }),
    null,
  ],
});

function someAxes(axes: readonly number[] | undefined): readonly number[] | undefined {
  if (axes?.length === 0)
    throw new GraphError(
      'axes',
      'expected at least one axis, got an empty list — leave it out to reduce all',
    );
  return axes;
}

/** Sum over the axes, all of them by default; an empty list is refused. */
export const reduceSum = (x: Value, axes?: readonly number[], keepdims = false): Value =>
  ReduceSum.of([x, someAxes(axes) ? ints(axes!) : null], { keepdims: keepdims ? 1 : 0 });

/** Mean over the axes, all of them by default. */
export const reduceMean = (x: Value, axes?: readonly number[], keepdims = false): Value =>
  ReduceMean.of([x], { axes: someAxes(axes), keepdims: keepdims ? 1 : 0 });

/** Maximum over the axes, all of them by default. */
export const reduceMax = (x: Value, axes?: readonly number[], keepdims = false): Value =>
  ReduceMax.of([x], { axes: someAxes(axes), keepdims: keepdims ? 1 : 0 });

/** Index of the (first) maximum along an axis, int64. */
export const argMax = (x: Value, axis: number, keepdims = false): Value =>
  ArgMax.of([x], { axis, keepdims: keepdims ? 1 : 0 });

/**
 * The k largest along an axis in descending order, or the smallest in ascending order: values and int64 indices, the
 * lower index first among equals. k may be an int64 [1] read from a shape: that of the axis sorts.
 */
export function topK(
  x: Value,
  k: number | Value,
  axis = -1,
  largest = true,
): { values: Value; indices: Value } {
  const count = typeof k === 'number' ? ints([k]) : k;
  const [values, indices] = TopK.all([x, count], { axis, largest: largest ? 1 : 0, sorted: 1 });
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
