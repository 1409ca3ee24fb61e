import { addDims, divDims, mulDims, sizeOf, subDims } from './dim.js';
import { GraphError } from './error.js';
import type { Dim, DType, Shape, TensorType } from './type.js';
import { isFloat } from './type.js';
import { constantNumbers, type Value } from './value.js';

/** NumPy broadcasting; a symbol meets 1 or itself only. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let result: Dim = 1;
    for (const shape of shapes) {
      const dim = shape[axis - rank + shape.length] ?? 1;
      if (dim === 1 || dim === result) continue;
      if (result !== 1)
        throw new GraphError(
          'broadcast',
          `expected shapes that broadcast, got ${shapes.map((s) => `[${s.join(', ')}]`).join(' and ')}`,
        );
      result = dim;
    }
    return result;
  });
}

/** An axis in [−rank, rank) as one in [0, rank). */
export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank)
    throw new GraphError('axis', `expected an axis in [${-rank}, ${rank}), got ${axis}`);
  return normal;
}

/** Operands of one dtype, which is returned. */
export function sameDType(...values: readonly (Value | null)[]): DType {
  const present = values.filter((value) => value !== null);
  const dtype = present[0]!.dtype;
  for (const value of present)
    if (value.dtype !== dtype)
      throw new GraphError(
        'dtype',
        `expected operands of one dtype, got ${present.map((v) => v.dtype).join(' and ')} — cast() one of them`,
      );
  return dtype;
}

/** Throws unless the value's dtype is one of `allowed`. */
export function expectDType(value: Value, ...allowed: readonly DType[]): void {
  if (!allowed.includes(value.dtype))
    throw new GraphError('dtype', `expected ${allowed.join(' or ')}, got ${value.dtype}`);
}

/** Throws unless the value is of a floating-point dtype. */
export function expectFloat(value: Value): void {
  if (!isFloat(value.dtype))
    throw new GraphError('dtype', `expected a floating-point dtype, got ${value.dtype} — cast() it`);
}

/**
 * The integers that a 1-D or scalar value holds, as far as they follow from shapes and constants: what `Reshape` and
 * `Expand` need to know their output shape. Undefined when they depend on data.
 */
export function dimsOf(value: Value): Dim[] | undefined {
  if (!dimsKnown.has(value)) dimsKnown.set(value, followDims(value));
  return dimsKnown.get(value);
}

// A graph read from a file may share and repeat operands without end: each value is followed once, and lists stay short.
const dimsKnown = new WeakMap<Value, Dim[] | undefined>();
const MOST_DIMS = 256;

function followDims(value: Value): Dim[] | undefined {
  const size = sizeOf(value.shape);
  if (value.shape.length > 1 || typeof size !== 'number' || size > MOST_DIMS) return undefined;
  const numbers = constantNumbers(value);
  if (numbers) return numbers;
  if (value.source.kind !== 'node') return undefined;
  const { op, inputs, attributes } = value.source;
  const operand = (at: number): Dim[] | undefined => {
    const input = inputs[at];
    return input ? dimsOf(input) : undefined;
  };
  const pairwise = (combine: (a: Dim, b: Dim) => Dim | undefined): Dim[] | undefined => {
    const [a, b] = [operand(0), operand(1)];
    if (!a || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return undefined;
    const result = Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
      combine(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!),
    );
    return result.includes(undefined) ? undefined : (result as Dim[]);
  };
  switch (op.opType) {
    case 'Shape':
      return inputs[0]!.shape.slice(
        attributes.start as number | undefined,
        attributes.end as number | undefined,
      );
    case 'Cast': {
      const counts = ['int64', 'int32', 'bool'];
      return counts.includes(value.dtype) && counts.includes(inputs[0]!.dtype) && value.dtype !== 'bool'
        ? operand(0)
        : undefined;
    }
    case 'Identity':
    case 'Squeeze':
    case 'Unsqueeze':
    case 'Reshape':
      return operand(0);
    case 'Expand': {
      const given = operand(0);
      return given?.length === 1 ? new Array<Dim>(size).fill(given[0]!) : undefined;
    }
    case 'Equal':
      return pairwise((a, b) => (a === b ? 1 : neverEqual(a, b) ? 0 : undefined));
    case 'Where': {
      const [condition, a, b] = [operand(0), operand(1), operand(2)];
      if (!condition || !a || !b) return undefined;
      const at = (list: readonly Dim[], i: number) => list[list.length === 1 ? 0 : i];
      const chosen = Array.from({ length: size }, (_, i) => at(at(condition, i) === 1 ? a : b, i));
      return chosen.includes(undefined) ? undefined : (chosen as Dim[]);
    }
    case 'Concat': {
      const parts = inputs.map((_, at) => operand(at));
      return parts.includes(undefined) ? undefined : (parts as Dim[][]).flat();
    }
    case 'Gather': {
      const [data, indices] = [operand(0), operand(1)];
      if (!data || !indices || (attributes.axis ?? 0) !== 0) return undefined;
      const picked = indices.map((i) => (typeof i === 'number' ? data.at(i) : undefined));
      return picked.includes(undefined) ? undefined : (picked as Dim[]);
    }
    case 'Slice': {
      const [data, starts, ends] = [operand(0), operand(1), operand(2)];
      const steps = inputs[4] ? operand(4) : [1];
      if (!data || !starts || !ends || steps?.[0] !== 1) return undefined;
      const [start, end] = [starts[0], ends[0]];
      return typeof start === 'number' && typeof end === 'number' ? data.slice(start, end) : undefined;
    }
    case 'Add':
      return pairwise(addDims);
    case 'Sub':
      return pairwise(subDims);
    case 'Mul':
      return pairwise(mulDims);
    case 'Div':
      return pairwise((a, b) =>
        typeof a === 'number' && typeof b === 'number' && b !== 0 && value.dtype === 'int64'
          ? Math.trunc(a / b)
          : divDims(a, b),
      );
    default:
      return undefined;
  }
}

/** Sizes are at least 0: a symbolic one without a negative term is no negative number; two numbers speak for themselves. */
const neverEqual = (a: Dim, b: Dim): boolean =>
  (typeof a === 'number' && typeof b === 'number' && a !== b) || isBelow(a, b) || isBelow(b, a);

const isBelow = (a: Dim, b: Dim): boolean =>
  typeof a === 'number' && a < 0 && typeof b === 'string' && !b.includes('-');

/** A type with another shape. */
export const withShape = (type: TensorType, shape: Shape): TensorType => ({ dtype: type.dtype, shape });

/** The integers of an operand that must be known when the graph is built. */
export function knownNumbers(value: Value | null, what: string): number[] {
  const numbers = constantNumbers(value);
  if (!numbers) throw new GraphError(what, `expected constant ${what}, got values that depend on data`);
  return numbers;
}
