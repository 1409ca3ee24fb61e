import { isStatic, sizeOf } from '../ir/dim.js';
import { dimsOf } from '../ir/shape.js';
import { dtypes, type TypedArray } from '../ir/type.js';
import { type Constant, constant, type Node, type Value } from '../ir/value.js';
import { type Pass, rewriteGraph } from './pass.js';

/** Elements of the largest constant that folding makes: shapes and scalars, never a tensor that would bloat the file. */
const MOST_ELEMENTS = 64;

/**
 * Constant folding: nodes whose operands are all constants become constants, and so do integers that follow from static
 * sizes. Nothing that depends on the elements of an input or a parameter is ever folded. Numbers are those of ONNX
 * Runtime: int64 wraps, float32 is rounded once per operation.
 */
export const foldConstants: Pass = (graph) =>
  rewriteGraph(graph, (node, inputs) => {
    const [y] = node.outputs;
    if (node.outputs.length !== 1 || !isStatic(y!.shape) || (sizeOf(y!.shape) as number) > MOST_ELEMENTS)
      return undefined;
    const folded = fromSizes(y!) ?? fromConstants(node, inputs);
    return folded && [folded];
  });

/** int64 results that dims and constants determine. */
function fromSizes(y: Value): Value | undefined {
  if (y.dtype !== 'int64') return undefined;
  const dims = dimsOf(y);
  return dims?.every((dim) => Number.isSafeInteger(dim)) && dims.length === sizeOf(y.shape)
    ? constant(dims as number[], 'int64', y.shape as number[])
    : undefined;
}

function fromConstants(node: Node, inputs: readonly (Value | null)[]): Value | undefined {
  const y = node.outputs[0]!;
  if (node.op.domain !== '' || inputs.length === 0) return undefined;
  if (!inputs.every((x): x is Value => x?.source.kind === 'constant')) return undefined;
  const data = inputs.map((x) => (x.source as Constant).data);
  const wrap = (elements: TypedArray): Value => constant(elements, y.dtype, y.shape as number[]);
  if (['Identity', 'Reshape', 'Squeeze', 'Unsqueeze'].includes(node.op.opType)) return wrap(data[0]!);
  if (node.op.opType === 'Expand' && data[0]!.length === 1) return wrap(filled(y, () => data[0]![0]!));
  if (node.op.opType === 'Cast')
    return castable(data[0]!, y) ? wrap(filled(y, (i) => data[0]![i]!)) : undefined;
  const rounds = y.dtype === 'float32' || y.dtype === 'float64';
  const at = (operand: number, i: number) =>
    data[operand]!.length === 1 ? data[operand]![0]! : data[operand]![i]!;
  if (node.op.opType === 'ReduceProd' && data[0] instanceof BigInt64Array && y.shape.length === 0)
    return wrap(filled(y, () => (data[0] as BigInt64Array).reduce((product, x) => product * x, 1n)));
  // Operands of the result's size or of one element: what scalar arithmetic needs.
  if (data.some(({ length }) => length !== 1 && length !== sizeOf(y.shape))) return undefined;
  if (rounds) {
    const exact = floatKernels[node.op.opType];
    return (
      exact && wrap(filled(y, (i) => exact(Number(at(0, i)), inputs[1] ? Number(at(1, i)) : Number.NaN)))
    );
  }
  const whole =
    y.dtype === 'int64' && inputs.every(({ dtype }) => dtype === 'int64')
      ? intKernels[node.op.opType]
      : undefined;
  if (!whole || (node.op.opType === 'Div' && data[1]!.includes(0n as never))) return undefined;
  return wrap(filled(y, (i) => whole(BigInt(at(0, i)), inputs[1] ? BigInt(at(1, i)) : 0n)));
}

/** Correctly rounded in float32 too: a float64 result of two float32 operands rounds to the float32 one. */
const floatKernels: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Neg: (a) => -a,
  Abs: Math.abs,
  Sqrt: Math.sqrt,
  Reciprocal: (a) => 1 / a,
};

const intKernels: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Neg: (a) => -a,
};

/** A host array of y's dtype and size. */
function filled(y: Value, element: (i: number) => number | bigint): TypedArray {
  const size = sizeOf(y.shape) as number;
  const array = new dtypes[y.dtype].array(new ArrayBuffer(size * dtypes[y.dtype].bytes));
  for (let i = 0; i < size; i++) {
    const value = element(i);
    if (array instanceof BigInt64Array) array[i] = BigInt.asIntN(64, BigInt(value));
    else array[i] = array instanceof BigUint64Array ? BigInt(value) : Number(value);
  }
  return array;
}

/** Casts between int64 and the floats that no rounding mode or overflow could tell apart. */
function castable(from: TypedArray, to: Value): boolean {
  const exact = ['float32', 'float64', 'int64'].includes(to.dtype);
  const readable =
    from instanceof BigInt64Array || from instanceof Float32Array || from instanceof Float64Array;
  return (
    exact &&
    readable &&
    Array.from(from as ArrayLike<number | bigint>, Number).every(
      (x) => (to.dtype !== 'int64' && !(from instanceof BigInt64Array)) || Number.isSafeInteger(x),
    )
  );
}
