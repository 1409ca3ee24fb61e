import { sizeOf } from './dim.js';
import { GraphError } from './error.js';
import type { Op } from './op.js';
import { type DType, dtypes, formatType, type Shape, type TensorType, type TypedArray } from './type.js';

/**
 * A tensor in a graph that is being written down. Values form an immutable acyclic graph: each knows the node or leaf
 * it comes from, so a function from `Value` to `Value` *is* the graph, and a gradient is more of the same.
 */
export interface Value extends TensorType {
  readonly source: Node | Input | Parameter | Constant;
  /** Which output of its node this is. */
  readonly index: number;
}

/** One application of an op. */
export interface Node {
  readonly kind: 'node';
  readonly op: Op;
  /** `null` stands for an optional input that is left out. */
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
  /** Where in the model this was written, e.g. `bert/encoder/layer.0/attention`. */
  readonly scope: string;
  /** For gradient rules only; never written to a file. */
  readonly hint: unknown;
}

/** Fed anew at each run. */
export interface Input {
  readonly kind: 'input';
  readonly name: string;
}

/** A weight, under its Hugging Face name. */
export interface Parameter {
  readonly kind: 'parameter';
  readonly name: string;
}

/** Elements that are part of the graph. */
export interface Constant {
  readonly kind: 'constant';
  readonly data: TypedArray;
}

export type Attribute = number | string | readonly number[] | readonly string[];
export type Attributes = Readonly<Record<string, Attribute | undefined>>;

/** What ops take: a value, or a number that becomes a scalar of the other operand's dtype. */
export type Operand = Value | number;

const leaf = (source: Value['source'], dtype: DType, shape: Shape): Value => ({
  source,
  index: 0,
  dtype,
  shape,
});

/** A tensor that is fed at each run. */
export const input = (name: string, dtype: DType, shape: Shape): Value =>
  leaf({ kind: 'input', name }, dtype, shape);

/** A list of tensors that is fed at each run. */
export const sequenceInput = (name: string, dtype: DType): Value => ({
  ...leaf({ kind: 'input', name }, dtype, []),
  container: 'sequence',
});

/** A weight of static shape. */
export const parameter = (name: string, shape: readonly number[], dtype: DType = 'float32'): Value =>
  leaf({ kind: 'parameter', name }, dtype, shape);

/** A constant tensor; numbers are converted to the dtype, and the shape defaults to that of a scalar or a vector. */
export function constant(
  data: number | readonly number[] | TypedArray,
  dtype: DType = 'float32',
  shape: readonly number[] = typeof data === 'number' ? [] : [data.length],
): Value {
  const array = toTypedArray(data, dtype);
  if (array.length !== sizeOf(shape))
    throw new GraphError(
      'constant',
      `expected ${sizeOf(shape)} elements for ${formatType({ dtype, shape })}, got ${array.length} — give data and shape that agree`,
    );
  return leaf({ kind: 'constant', data: array }, dtype, shape);
}

function toTypedArray(data: number | readonly number[] | TypedArray, dtype: DType): TypedArray {
  if (ArrayBuffer.isView(data)) return data;
  const numbers = typeof data === 'number' ? [data] : data;
  switch (dtype) {
    case 'int64':
      return BigInt64Array.from(numbers, (x) => BigInt(x));
    case 'uint64':
      return BigUint64Array.from(numbers, (x) => BigInt(x));
    case 'float16':
    case 'bfloat16':
      throw new GraphError(
        'constant',
        `expected 16-bit codes for ${dtype}, got numbers — build it in float32 and cast()`,
      );
    default: {
      const array = new dtypes[dtype].array(
        new ArrayBuffer(numbers.length * dtypes[dtype].bytes),
      ) as Float32Array;
      array.set(numbers);
      return array;
    }
  }
}

/** The elements of a constant as numbers; undefined when the value is not a constant. */
export function constantNumbers(value: Value | null | undefined): number[] | undefined {
  if (value?.source.kind !== 'constant') return undefined;
  if (value.dtype === 'float16' || value.dtype === 'bfloat16') return undefined;
  return Array.from(value.source.data as ArrayLike<number | bigint>, Number);
}

const scopes: string[] = [];

/** Runs `build` with its nodes named under `name`, e.g. `scope('layer.0', () => …)`. */
export function scope<T>(name: string, build: () => T): T {
  scopes.push(name);
  try {
    return build();
  } finally {
    scopes.pop();
  }
}

/** The scope that new nodes are written under. */
export const currentScope = (): string => scopes.join('/');

/** A value's name in error messages: `bert/encoder/MatMul -> float32[batch, 4]`. */
export function describe(value: Value | null): string {
  if (!value) return '(left out)';
  const { source } = value;
  const what =
    source.kind === 'node'
      ? [source.scope, source.op.opType].filter(Boolean).join('/')
      : source.kind === 'constant'
        ? 'constant'
        : `${source.kind} "${source.name}"`;
  return `${what} ${formatType(value)}`;
}
