import { subDims } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { dimsOf, expectDType, normalizeAxis, sameDType, withShape } from '../ir/shape.js';
import { constant, type Operand, type Value } from '../ir/value.js';
import { add, cast, equal, less, mul, where } from './elementwise.js';
import { gemm } from './matmul.js';
import { expandLike, Reshape, reshape, shapeOf, squeeze, unsqueeze, zerosLike } from './movement.js';
import { concat, slice } from './slice.js';

/** A gather's known inverse, given by whoever packs: its gradient is then a gather too. */
interface InverseHint {
  readonly inverse: Value;
}
const inverseOf = (hint: unknown): Value | undefined => (hint as InverseHint | undefined)?.inverse;

/** Rows of `data` along an axis. Repeated indices add up in the gradient, in a fixed order. */
export const Gather = defineOp<[Value, Value], { axis: number }>('Gather', {
  defaults: { axis: 0 },
  infer: ([data, indices], { axis }) => {
    expectDType(indices, 'int64', 'int32');
    const at = normalizeAxis(axis, data.shape.length);
    return [withShape(data, [...data.shape.slice(0, at), ...indices.shape, ...data.shape.slice(at + 1)])];
  },
  gradient: ({ inputs: [data, indices], attributes: { axis }, dy, hint }) => {
    const at = normalizeAxis(axis, data.shape.length);
    const inverse = inverseOf(hint);
    if (inverse) return [gatherInverse(dy, inverse, indices, data, at), null];
    const flat = flattenIndices(dy, indices, data, at);
    if (isSmallTable(data) && at === 0) return [fewRows(flat, reshape(indices, [-1]), data), null];
    const index = expandLike(alignWithAxis(reshape(indices, [-1]), at, data.shape.length), flat);
    return [scatterElements(zerosLike(data), index, flat, at, 'add'), null];
  },
});

/** Rows below which a product with a one-hot matrix beats ScatterElements, which runs on one thread. */
const fewRowsLimit = 16;
const isSmallTable = ({ shape }: Value): boolean =>
  shape.length === 2 && typeof shape[0] === 'number' && shape[0] <= fewRowsLimit;

/** The sum of dy's rows by index: oneHotᵀ·dy, with dy [n, width] and indices [n]; negative ones count from the end. */
function fewRows(dy: Value, indices: Value, data: Value): Value {
  const rows = data.shape[0] as number;
  const wrapped = where(less(indices, 0), add(indices, rows), indices);
  const numbers = constant(
    Array.from({ length: rows }, (_, row) => row),
    indices.dtype,
  );
  const hot = cast(equal(unsqueeze(wrapped, [1]), numbers), dy.dtype);
  return gemm(hot, dy, { transA: 1 });
}

/** dy with its index axes made one, so that it has data's rank. */
function flattenIndices(dy: Value, indices: Value, data: Value, axis: number): Value {
  if (indices.shape.length === 1) return dy;
  const before = shapeOf(data);
  const parts = [
    ...(axis > 0 ? [slice(before, [0], [axis], [0])] : []),
    constant([-1], 'int64'),
    ...(axis < data.shape.length - 1 ? [slice(before, [axis + 1], [Number.MAX_SAFE_INTEGER], [0])] : []),
  ];
  return Reshape.of([dy, concat(parts, 0)]);
}

/** A vector as [1, …, n, …, 1] with n at `axis`. */
function alignWithAxis(vector: Value, axis: number, rank: number): Value {
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  return axes.length === 0 ? vector : unsqueeze(vector, axes);
}

function gatherInverse(dy: Value, inverse: Value, indices: Value, data: Value, axis: number): Value {
  if (axis !== 0) throw new GraphError('Gather', `expected axis 0 for a gather with an inverse, got ${axis}`);
  return Gather.of(
    [flattenIndices(dy, indices, data, 0), inverse],
    { axis: 0 },
    { inverse: reshape(indices, [-1]) },
  );
}

/** data[indices] element by element along an axis; indices have the output's shape. */
export const GatherElements = defineOp<[Value, Value], { axis: number }>('GatherElements', {
  defaults: { axis: 0 },
  infer: ([data, indices], { axis }) => {
    expectDType(indices, 'int64', 'int32');
    normalizeAxis(axis, data.shape.length);
    if (indices.shape.length !== data.shape.length)
      throw new GraphError(
        'GatherElements',
        `expected indices of rank ${data.shape.length}, got ${indices.shape.length}`,
      );
    return [withShape(data, indices.shape)];
  },
  gradient: ({ inputs: [data, indices], attributes: { axis }, dy }) => [
    scatterElements(zerosLike(data), indices, dy, axis, 'add'),
    null,
  ],
});

/** Slices of data by index tuples in the last axis of indices. */
export const GatherND = defineOp<[Value, Value], { batch_dims: number }>('GatherND', {
  defaults: { batch_dims: 0 },
  infer: ([data, indices], { batch_dims }) => {
    expectDType(indices, 'int64');
    const depth = indices.shape.at(-1);
    if (batch_dims !== 0)
      throw new GraphError('GatherND', `expected batch_dims 0, got ${batch_dims} — use gatherElements()`);
    if (typeof depth !== 'number' || depth > data.shape.length)
      throw new GraphError(
        'GatherND',
        `expected index tuples of at most ${data.shape.length} axes, got ${depth}`,
      );
    return [withShape(data, [...indices.shape.slice(0, -1), ...data.shape.slice(depth)])];
  },
  // Index tuples become row numbers, so that repeated ones add up in ScatterElements (ScatterND's reduction races).
  gradient: ({ inputs: [data, indices], dy }) => {
    const depth = indices.shape.at(-1) as number;
    const rank = data.shape.length;
    const tail = depth < rank ? [slice(shapeOf(data), [depth], [Number.MAX_SAFE_INTEGER], [0])] : [];
    const rows = Reshape.of([zerosLike(data), concat([constant([-1], 'int64'), ...tail], 0)]);
    let row = component(indices, data, 0);
    for (let axis = 1; axis < depth; axis++)
      row = add(mul(row, slice(shapeOf(data), [axis], [axis + 1], [0])), component(indices, data, axis));
    const flat = Reshape.of([dy, concat([constant([-1], 'int64'), ...tail], 0)]);
    const index = expandLike(alignWithAxis(reshape(row, [-1]), 0, rows.shape.length), flat);
    return [Reshape.of([scatterElements(rows, index, flat, 0, 'add'), shapeOf(data)]), null];
  },
});

/** The `axis`-th entry of each index tuple, counted from the start of its axis. */
function component(indices: Value, data: Value, axis: number): Value {
  const last = indices.shape.length - 1;
  const index = squeeze(slice(indices, [axis], [axis + 1], [last]), [last]);
  const length = slice(shapeOf(data), [axis], [axis + 1], [0]);
  return where(less(index, 0), add(index, length), index);
}

/** data with slices replaced at distinct index tuples. Reductions are not offered: they race on the CPU provider. */
export const ScatterND = defineOp<[Value, Value, Value], { reduction?: string }>('ScatterND', {
  defaults: { reduction: 'none' },
  infer: ([data, indices, updates], { reduction }) => {
    if (reduction !== undefined && reduction !== 'none')
      throw new GraphError(
        'ScatterND',
        `expected no reduction, got "${reduction}" — ScatterElements adds exactly`,
      );
    expectDType(indices, 'int64');
    return [{ dtype: sameDType(data, updates), shape: data.shape }];
  },
  gradient: ({ inputs: [, indices, updates], dy }) => [
    scatterND(dy, indices, zerosLike(updates)),
    null,
    gatherND(dy, indices),
  ],
});

type Reduction = 'none' | 'add';

/** data with elements replaced, or added to, along an axis. */
export const ScatterElements = defineOp<[Value, Value, Value], { axis: number; reduction: string }>(
  'ScatterElements',
  {
    defaults: { axis: 0, reduction: 'none' },
    infer: ([data, indices, updates], { axis, reduction }) => {
      expectDType(indices, 'int64', 'int32');
      if (reduction !== 'none' && reduction !== 'add')
        throw new GraphError('ScatterElements', `expected reduction none or add, got "${reduction}"`);
      normalizeAxis(axis, data.shape.length);
      return [{ dtype: sameDType(data, updates), shape: data.shape }];
    },
    gradient: ({ inputs: [, indices, updates], attributes: { axis, reduction }, dy }) => [
      reduction === 'add' ? dy : scatterElements(dy, indices, zerosLike(updates), axis),
      null,
      GatherElements.of([dy, indices], { axis }),
    ],
  },
);

/** start, start+step, … below limit. */
export const Range = defineOp<[Value, Value, Value]>('Range', {
  infer: ([start, limit, step]) => {
    const [from, to, by] = [dimsOf(start)?.[0], dimsOf(limit)?.[0], dimsOf(step)?.[0]];
    if (from === undefined || to === undefined || by !== 1)
      throw new GraphError(
        'Range',
        'expected bounds that follow from constants and Shape(), and a step of 1',
      );
    return [{ dtype: sameDType(start, limit, step), shape: [subDims(to, from)] }];
  },
  gradient: 'none',
});

/** A tensor of one repeated value; its shape is data of the graph. */
export const ConstantOfShape = defineOp<[Value]>('ConstantOfShape', {
  infer: ([shape]) => {
    const dims = dimsOf(shape);
    if (!dims)
      throw new GraphError(
        'ConstantOfShape',
        'expected a shape that follows from constants and Shape(), got data',
      );
    return [{ dtype: 'float32', shape: dims }];
  },
  gradient: 'none',
});

export const OneHot = defineOp<[Value, Value, Value], { axis: number }>('OneHot', {
  defaults: { axis: -1 },
  infer: ([indices, depth, values], { axis }) => {
    const length = dimsOf(depth)?.[0];
    if (length === undefined)
      throw new GraphError('OneHot', 'expected a depth that follows from constants and Shape(), got data');
    const at = normalizeAxis(axis, indices.shape.length + 1);
    return [{ dtype: values.dtype, shape: indices.shape.toSpliced(at, 0, length) }];
  },
  gradient: 'none',
});

/** The upper or lower triangle of the last two axes; zeros elsewhere. */
export const Trilu = defineOp<[Value, Value | null], { upper: number }>('Trilu', {
  defaults: { upper: 1 },
  operands: 2,
  infer: ([x]) => {
    if (x.shape.length < 2) throw new GraphError('Trilu', `expected rank ≥ 2, got [${x.shape.join(', ')}]`);
    return [x];
  },
  gradient: ({ inputs: [, k], attributes, dy }): [Value, null] => [Trilu.of([dy, k], attributes), null],
});

/** Rows of `data` at int64 `indices` along an axis. */
export const gather = (data: Value, indices: Value, axis = 0): Value => Gather.of([data, indices], { axis });

/**
 * Rows of `data` at `indices`, where `inverse` says for each row of `data` which of the gathered rows it became. The
 * gradient is the inverse gather: rows that are gathered more than once must carry zero gradient in all but that one.
 */
export const gatherWithInverse = (data: Value, indices: Value, inverse: Value): Value =>
  Gather.of([data, indices], { axis: 0 }, { inverse } satisfies InverseHint);

export const gatherElements = (data: Value, indices: Value, axis: number): Value =>
  GatherElements.of([data, indices], { axis });
export const gatherND = (data: Value, indices: Value): Value =>
  GatherND.of([data, indices], { batch_dims: 0 });
export const scatterND = (data: Value, indices: Value, updates: Value): Value =>
  ScatterND.of([data, indices, updates]);
export const scatterElements = (
  data: Value,
  indices: Value,
  updates: Value,
  axis: number,
  reduction: Reduction = 'none',
): Value => ScatterElements.of([data, indices, updates], { axis, reduction });

/** 0, 1, … length−1, int64; the length may be a scalar read from a shape. */
export const range = (length: Operand): Value => {
  const limit = typeof length === 'number' ? constant(length, 'int64') : length;
  return Range.of([constant(0, 'int64'), limit, constant(1, 'int64')]);
};

/** 1 at each index of a new last axis of `depth`, 0 elsewhere. */
export const oneHot = (
  indices: Value,
  depth: number | Value,
  dtype: 'float32' | 'float64' = 'float32',
): Value =>
  OneHot.of(
    [indices, typeof depth === 'number' ? constant(depth, 'int64') : depth, constant([0, 1], dtype)],
    { axis: -1 },
  );

export const trilu = (x: Value, options: { upper: boolean; k?: number }): Value =>
  Trilu.of([x, constant(options.k ?? 0, 'int64')], { upper: options.upper ? 1 : 0 });
