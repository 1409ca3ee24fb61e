import { divDims, isStatic, sameShape, sizeOf } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { broadcastShapes, dimsOf, expectDType, knownNumbers, normalizeAxis, withShape } from '../ir/shape.js';
import { constant, type Value } from '../ir/value.js';

const ints = (numbers: readonly number[]): Value => constant(numbers, 'int64');

export const Identity = defineOp<[Value]>('Identity', { infer: ([x]) => [x], gradient: ({ dy }) => [dy] });

/** x's sizes, or those of the axes from start to end. */
export const ShapeOp = defineOp<[Value], { start?: number; end?: number }>('Shape', {
  defaults: { start: 0, end: undefined },
  infer: ([x], { start, end }) => [{ dtype: 'int64', shape: [x.shape.slice(start, end).length] }],
  gradient: 'none',
});

/** 0 copies the size at that place unless `allowzero`; −1 is what remains. */
export const Reshape = defineOp<[Value, Value], { allowzero?: number }>('Reshape', {
  defaults: { allowzero: 0 },
  infer: ([x, shape], { allowzero = 0 }) => {
    expectDType(shape, 'int64');
    const wanted = dimsOf(shape);
    if (!wanted)
      throw new GraphError('Reshape', 'expected a shape that follows from constants and Shape(), got data');
    const dims = wanted.map((dim, axis) => (dim === 0 && allowzero === 0 ? (x.shape[axis] ?? 0) : dim));
    const open = dims.indexOf(-1);
    if (open >= 0) {
      const rest = divDims(sizeOf(x.shape), sizeOf(dims.filter((_, axis) => axis !== open)));
      if (rest === undefined)
        throw new GraphError(
          'Reshape',
          `expected a shape that divides [${x.shape.join(', ')}], got [${dims.join(', ')}]`,
        );
      dims[open] = rest;
    }
    if (sizeOf(dims) !== sizeOf(x.shape))
      throw new GraphError('Reshape', `expected ${sizeOf(x.shape)} elements, got shape [${dims.join(', ')}]`);
    return [withShape(x, dims)];
  },
  gradient: ({ inputs: [x], dy }) => [reshapeLike(dy, x), null],
});

/** Axes in a new order; without `perm` they are reversed. */
export const Transpose = defineOp<[Value], { perm?: readonly number[] }>('Transpose', {
  defaults: { perm: undefined },
  infer: ([x], { perm = reversed(x) }) => {
    if (
      perm.length !== x.shape.length ||
      new Set(perm).size !== perm.length ||
      perm.some((p) => x.shape[p] === undefined)
    )
      throw new GraphError(
        'Transpose',
        `expected a permutation of ${x.shape.length} axes, got [${perm.join(', ')}]`,
      );
    return [
      withShape(
        x,
        perm.map((axis) => x.shape[axis]!),
      ),
    ];
  },
  gradient: ({ inputs: [x], attributes: { perm = reversed(x) }, dy }) => [
    transpose(
      dy,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
});

const reversed = (x: Value): number[] => x.shape.map((_, axis) => axis).toReversed();

export const Expand = defineOp<[Value, Value]>('Expand', {
  infer: ([x, shape]) => {
    const dims = dimsOf(shape);
    if (!dims)
      throw new GraphError('Expand', 'expected a shape that follows from constants and Shape(), got data');
    return [withShape(x, broadcastShapes(x.shape, dims))];
  },
  gradient: ({ dy }) => [dy, null],
});

/** Without axes of size 1: those given, or all. */
export const Squeeze = defineOp<[Value, Value | null]>('Squeeze', {
  operands: 2,
  infer: ([x, axes]) => {
    const at = squeezedAxes(x, axes);
    for (const axis of at)
      if (x.shape[axis] !== 1)
        throw new GraphError('Squeeze', `expected size 1 at axis ${axis}, got ${x.shape[axis]}`);
    return [
      withShape(
        x,
        x.shape.filter((_, axis) => !at.includes(axis)),
      ),
    ];
  },
  gradient: ({ inputs: [x, axes], dy }) => [unsqueeze(dy, squeezedAxes(x, axes)), null],
});

const squeezedAxes = (x: Value, axes: Value | null): number[] =>
  axes
    ? knownNumbers(axes, 'axes').map((axis) => normalizeAxis(axis, x.shape.length))
    : x.shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));

export const Unsqueeze = defineOp<[Value, Value]>('Unsqueeze', {
  infer: ([x, axes]) => {
    const rank = x.shape.length + knownNumbers(axes, 'axes').length;
    const at = new Set(knownNumbers(axes, 'axes').map((axis) => normalizeAxis(axis, rank)));
    if (at.size + x.shape.length !== rank)
      throw new GraphError('Unsqueeze', 'expected distinct axes, got one twice');
    const rest = [...x.shape];
    return [
      withShape(
        x,
        Array.from({ length: rank }, (_, axis) => (at.has(axis) ? 1 : rest.shift()!)),
      ),
    ];
  },
  gradient: ({ inputs: [x], dy }) => [reshapeLike(dy, x), null],
});

/** x's sizes, int64 [rank]; a constant where they are static. */
export const shapeOf = (x: Value): Value => (isStatic(x.shape) ? ints(x.shape) : ShapeOp.of([x]));

/** x in another shape; 0 copies the size at that place, −1 is what remains. */
export const reshape = (x: Value, shape: readonly number[] | Value): Value =>
  Reshape.of([x, 'source' in shape ? shape : ints(shape)]);

/** x in the shape of `like`, which has as many elements. */
export function reshapeLike(x: Value, like: Value): Value {
  if (sameShape(x.shape, like.shape)) return x;
  const symbolic = like.shape.filter((dim) => typeof dim !== 'number').length;
  // A size that is 0 at run time is that size, not a copy of x's.
  if (symbolic > 1 || like.shape.includes(0)) return Reshape.of([x, shapeOf(like)], { allowzero: 1 });
  return reshape(
    x,
    like.shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
  );
}

/** Axes in a new order; the default reverses the last two. */
export function transpose(x: Value, perm?: readonly number[]): Value {
  const rank = x.shape.length;
  const order = perm ?? [...Array(rank - 2).keys(), rank - 1, rank - 2];
  return order.every((axis, i) => axis === i) ? x : Transpose.of([x], { perm: order });
}

/** x repeated to the shape of `like`, by broadcasting. */
export const expandLike = (x: Value, like: Value): Value =>
  sameShape(x.shape, like.shape) ? x : Expand.of([x, shapeOf(like)]);

/** x repeated to a static shape, by broadcasting. */
export const expand = (x: Value, shape: readonly number[]): Value => Expand.of([x, ints(shape)]);

export const squeeze = (x: Value, axes: readonly number[]): Value => Squeeze.of([x, ints(axes)]);

export const unsqueeze = (x: Value, axes: readonly number[]): Value => Unsqueeze.of([x, ints(axes)]);

export const identity = (x: Value): Value => Identity.of([x]);

/** Written as the op above; it stands in no table, since a file's Identity has a gradient. */
const StopGradient = defineOp<[Value]>('Identity', { infer: ([x]) => [x], gradient: () => [null] });

/** x, as a number that the loss takes for given: no gradient flows through it. */
export const stopGradient = (x: Value): Value => StopGradient.of([x]);

/** Zeros of x's type and shape. */
export const zerosLike = (x: Value): Value => Expand.of([constant(0, x.dtype), shapeOf(x)]);
