import { addDims, isStatic, mulDims, sameShape, subDims } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { dimsOf, knownNumbers, normalizeAxis, sameDType, withShape } from '../ir/shape.js';
import type { Dim, Shape } from '../ir/type.js';
import { constant, type Value } from '../ir/value.js';
import { gather } from './gather.js';
import { Reshape, shapeOf, zerosLike } from './movement.js';
import { reduceSum } from './reduce.js';

const ints = (numbers: readonly number[]): Value => constant(numbers, 'int64');

export const Concat = defineOp<Value[], { axis: number }>('Concat', {
  defaults: { axis: undefined },
  infer: (values, { axis }) => {
    const first = values[0];
    if (!first) throw new GraphError('Concat', 'expected at least one operand, got none');
    const at = normalizeAxis(axis, first.shape.length);
    const same = (shape: Shape) => shape.map((dim, i) => (i === at ? 0 : dim));
    for (const value of values)
      if (!sameShape(same(value.shape), same(first.shape)))
        throw new GraphError('Concat', `expected shapes that agree but for axis ${at}`);
    const total = values.reduce<Dim>((sum, value) => addDims(sum, value.shape[at]!), 0);
    return [{ dtype: sameDType(...values), shape: first.shape.map((dim, i) => (i === at ? total : dim)) }];
  },
  gradient: ({ inputs, attributes: { axis }, dy }) => {
    const at = normalizeAxis(axis, dy.shape.length);
    return split(dy, lengthsAlong(inputs, at), at);
  },
});

/** The lengths of the operands along an axis: constant where static, else read from their shapes. */
function lengthsAlong(values: readonly Value[], axis: number): Value {
  const lengths = values.map((value) => value.shape[axis]!);
  if (isStatic(lengths)) return ints(lengths);
  return Concat.of(
    values.map((value) => slice(shapeOf(value), [axis], [axis + 1], [0])),
    { axis: 0 },
  );
}

export const Split = defineOp<[Value, Value], { axis: number }>('Split', {
  defaults: { axis: 0 },
  infer: ([x, lengths], { axis }) => {
    const at = normalizeAxis(axis, x.shape.length);
    const dims = lengths && dimsOf(lengths);
    if (!dims)
      throw new GraphError('Split', 'expected lengths that follow from constants and Shape(), got data');
    const total = dims.reduce<Dim>(addDims, 0);
    if (total !== x.shape[at])
      throw new GraphError('Split', `expected lengths that sum to ${x.shape[at]}, got ${dims.join(' + ')}`);
    return dims.map((length) =>
      withShape(
        x,
        x.shape.map((dim, i) => (i === at ? length : dim)),
      ),
    );
  },
  gradient: ({ outputs, gradients, attributes: { axis } }) => [
    concat(
      gradients.map((dy, i) => dy ?? zerosLike(outputs[i]!)),
      axis,
    ),
    null,
  ],
});

type SliceOperands = [Value, Value, Value, Value | null, Value | null];

function boundsOf([, starts, ends, axes, steps]: SliceOperands) {
  const start = knownSizes(starts, 'starts');
  const bounds = {
    start,
    end: knownSizes(ends, 'ends'),
    axis: axes ? knownNumbers(axes, 'axes') : start.map((_, i) => i),
    step: steps ? knownNumbers(steps, 'steps') : start.map(() => 1),
  };
  if (Object.values(bounds).some(({ length }) => length !== start.length))
    throw new GraphError('Slice', 'expected as many ends, axes and steps as starts');
  return bounds;
}

/** Bounds that follow from constants and sizes. */
function knownSizes(value: Value, what: string): Dim[] {
  const dims = dimsOf(value);
  if (!dims)
    throw new GraphError('Slice', `expected ${what} that follow from constants and Shape(), got data`);
  return dims;
}

/**
 * Positive steps; starts and ends as NumPy reads them. Axes left out are the first ones, steps left out are 1. A symbolic
 * bound is taken to lie within its axis.
 */
export const Slice = defineOp<SliceOperands>('Slice', {
  operands: 5,
  infer: (inputs) => {
    const x = inputs[0];
    const { start, end, axis, step } = boundsOf(inputs);
    const dims = [...x.shape];
    for (const [i, a] of axis.entries()) {
      const at = normalizeAxis(a, x.shape.length);
      dims[at] = slicedLength(x.shape[at]!, start[i]!, end[i]!, step[i]!);
    }
    return [withShape(x, dims)];
  },
  gradient: ({ inputs, dy }) => {
    const x = inputs[0];
    const { start, end, axis, step } = boundsOf(inputs);
    // Axis by axis: `wide[i]` is x with the axes before i cut already.
    const bound = (which: 1 | 2, dims: readonly Dim[], i: number): Bound =>
      typeof dims[i] === 'number'
        ? { value: ints([dims[i]]), dim: dims[i] }
        : { value: slice(inputs[which], [i], [i + 1], [0]), dim: dims[i]! };
    const starts = start.map((_, i) => bound(1, start, i));
    const ends = end.map((_, i) => bound(2, end, i));
    const cut = (value: Value, i: number) => between(value, starts[i]!, ends[i]!, axis[i]!, step[i]!);
    const wide = [x];
    for (let i = 0; i + 1 < axis.length; i++) wide.push(cut(wide[i]!, i));
    let dx = dy;
    for (let i = axis.length - 1; i >= 0; i--)
      dx = unslice(dx, wide[i]!, normalizeAxis(axis[i]!, x.shape.length), starts[i]!, ends[i]!, step[i]!);
    return [dx, null, null, null, null];
  },
});

/** A start or an end: what a Slice is given, int64 [1], and the number or size that it is. */
interface Bound {
  readonly value: Value;
  readonly dim: Dim;
}

const between = (x: Value, { value: start }: Bound, { value: end }: Bound, axis: number, step: number) =>
  Slice.of([x, start, end, ints([axis]), ints([step])]);

const toTheEnd = { value: ints([Number.MAX_SAFE_INTEGER]), dim: Number.MAX_SAFE_INTEGER };
const fromTheStart = { value: ints([0]), dim: 0 };

const isNegative = (dim: Dim): boolean => typeof dim === 'number' && dim < 0;

function slicedLength(dim: Dim, start: Dim, end: Dim, step: number): Dim {
  if (step < 1) throw new GraphError('Slice', `expected a positive step, got ${step} — reverse with Gather`);
  const from = isNegative(start) ? addDims(dim, start) : start;
  if (typeof dim === 'number' && typeof from === 'number' && typeof end === 'number') {
    const low = Math.min(Math.max(from, 0), dim);
    const high = Math.min(end < 0 ? dim + end : end, dim);
    return Math.max(0, Math.ceil((high - low) / step));
  }
  const whole = typeof end === 'number' && end >= Number.MAX_SAFE_INTEGER;
  if (step === 1 && (whole || isNegative(end))) return subDims(whole ? dim : addDims(dim, end), from);
  if (step === 1 && isNegative(start) === isNegative(end)) return subDims(end, start);
  throw new GraphError(
    'Slice',
    `expected bounds whose length follows for "${dim}", got ${start}:${end}:${step}`,
  );
}

/** The gradient of a slice along one axis: dy between zeros, with the strided case spread out first. */
function unslice(dy: Value, x: Value, axis: number, start: Bound, end: Bound, step: number): Value {
  const dim = x.shape[axis]!;
  if (dy.shape[axis] === 0) return zerosLike(x);
  if (step !== 1) {
    if (typeof dim !== 'number' || typeof start.dim !== 'number')
      throw new GraphError('Slice', `expected a static axis for a strided gradient, got "${dim}"`);
    const from = start.dim < 0 ? Math.max(dim + start.dim, 0) : Math.min(start.dim, dim);
    const length = dy.shape[axis] as number;
    const rows = Array.from({ length: dim }, (_, i) =>
      (i - from) % step === 0 && i >= from && (i - from) / step < length ? (i - from) / step : length,
    );
    return gather(concat([dy, zerosLike(slice(x, [0], [1], [axis]))], axis), ints(rows), axis);
  }
  const inside = isNegative(start.dim) && typeof dim === 'number' ? dim + (start.dim as number) : start.dim;
  const low = typeof inside === 'number' && typeof dim === 'number' ? Math.max(inside, 0) : inside;
  const parts: Value[] = [];
  if (low !== 0)
    parts.push(
      zerosLike(
        between(x, fromTheStart, typeof low === 'number' ? { value: ints([low]), dim: low } : start, axis, 1),
      ),
    );
  parts.push(dy);
  const last =
    typeof end.dim === 'number' && end.dim >= (typeof dim === 'number' ? dim : Number.MAX_SAFE_INTEGER);
  if (!last && end.dim !== dim) parts.push(zerosLike(between(x, end, toTheEnd, axis, 1)));
  return concat(parts, axis);
}

/** Constant padding with non-negative amounts. */
export const Pad = defineOp<[Value, Value, Value | null], { mode?: string }>('Pad', {
  operands: 3,
  defaults: { mode: 'constant' },
  infer: ([x, pads], { mode }) => {
    const amounts = knownNumbers(pads, 'pads');
    const rank = x.shape.length;
    if (amounts.length !== 2 * rank)
      throw new GraphError('Pad', `expected ${2 * rank} pads, got ${amounts.length}`);
    if (mode !== undefined && mode !== 'constant')
      throw new GraphError('Pad', `expected mode "constant", got "${mode}"`);
    return [
      withShape(
        x,
        x.shape.map((dim, axis) => addDims(dim, amounts[axis]! + amounts[axis + rank]!)),
      ),
    ];
  },
  gradient: ({ inputs: [x, pads], dy }) => {
    const amounts = knownNumbers(pads, 'pads');
    const rank = x.shape.length;
    const axes = x.shape.map((_, axis) => axis);
    const ends = axes.map((axis) =>
      amounts[axis + rank] === 0 ? Number.MAX_SAFE_INTEGER : -amounts[axis + rank]!,
    );
    return [slice(dy, amounts.slice(0, rank), ends, axes), null, null];
  },
});

export const Tile = defineOp<[Value, Value]>('Tile', {
  infer: ([x, repeats]) => {
    const times = dimsOf(repeats);
    if (times?.length !== x.shape.length)
      throw new GraphError(
        'Tile',
        `expected ${x.shape.length} repeats known from constants and Shape(), got ${times?.length ?? 'data'}`,
      );
    return [
      withShape(
        x,
        x.shape.map((dim, axis) => mulDims(dim, times[axis]!)),
      ),
    ];
  },
  // [r·n] is [r, n] summed over r, axis by axis.
  gradient: ({ inputs: [x, repeats], dy }) => {
    const rank = x.shape.length;
    const pairs = Array.from({ length: rank }, (_, axis) => [
      slice(repeats, [axis], [axis + 1], [0]),
      slice(shapeOf(x), [axis], [axis + 1], [0]),
    ]).flat();
    const paired = Reshape.of([dy, Concat.of(pairs, { axis: 0 })]);
    return [
      reduceSum(
        paired,
        Array.from({ length: rank }, (_, axis) => 2 * axis),
        false,
      ),
      null,
    ];
  },
});

export const concat = (values: readonly Value[], axis: number): Value =>
  values.length === 1 ? values[0]! : Concat.of([...values], { axis });

/** Pieces of the given lengths along an axis. */
export const split = (x: Value, lengths: readonly number[] | Value, axis: number): Value[] => [
  ...Split.all([x, 'source' in lengths ? lengths : ints(lengths)], { axis }),
];

/** x[start:end:step] along the axes; an end of MAX_SAFE_INTEGER is the axis's end. */
export const slice = (
  x: Value,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps: readonly number[] = axes.map(() => 1),
): Value => Slice.of([x, ints(starts), ints(ends), ints(axes), ints(steps)]);

/** x with `before[i]` and `after[i]` copies of `value` around axis i. */
export const pad = (x: Value, before: readonly number[], after: readonly number[], value = 0): Value =>
  Pad.of([x, ints([...before, ...after]), constant(value, x.dtype)], { mode: 'constant' });

export const tile = (x: Value, repeats: readonly number[]): Value => Tile.of([x, ints(repeats)]);
