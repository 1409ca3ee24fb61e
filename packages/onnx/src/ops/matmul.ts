import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { broadcastShapes, sameDType } from '../ir/shape.js';
import type { Dim, Shape, TensorType } from '../ir/type.js';
import type { Value } from '../ir/value.js';
import { einsumGradient, einsumShape } from './einsum.js';
import { mul } from './elementwise.js';
import { transpose } from './movement.js';

function matmulShape(a: Shape, b: Shape): Shape {
  if (a.length < 2 || b.length < 2)
    throw new GraphError(
      'MatMul',
      `expected operands of rank ≥ 2, got [${a.join(', ')}] and [${b.join(', ')}] — unsqueeze() the vector`,
    );
  if (a.at(-1) !== b.at(-2))
    throw new GraphError(
      'MatMul',
      `expected inner sizes that agree, got [${a.join(', ')}] and [${b.join(', ')}]`,
    );
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2)), a.at(-2)!, b.at(-1)!];
}

/** Batched product of the last two axes. */
export const MatMul = defineOp<[Value, Value]>('MatMul', {
  infer: ([a, b]) => [{ dtype: sameDType(a, b), shape: matmulShape(a.shape, b.shape) }],
  gradient: ({ inputs: [a, b], dy }) => [matmul(dy, transpose(b)), matmul(transpose(a), dy)],
});

/** x·factor, where the factor is an attribute: a float32 whatever the dtype of x. */
const scale = (x: Value, factor: number): Value => (factor === 1 ? x : mul(x, Math.fround(factor)));

type FusedAttributes = {
  alpha: number;
  transA: number;
  transB: number;
  transBatchA?: number;
  transBatchB?: number;
};
const swap = (shape: Shape, swapped: number): Shape =>
  swapped ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;

/** MatMul with transposes and a factor inside: what a pass makes of Transpose, MatMul and Mul on cpu and cuda. */
export const FusedMatMul = defineOp<[Value, Value], FusedAttributes>('FusedMatMul', {
  domain: 'com.microsoft',
  floats: ['alpha'],
  defaults: { alpha: 1, transA: 0, transB: 0, transBatchA: 0, transBatchB: 0 },
  infer: ([a, b], { transA, transB, transBatchA = 0, transBatchB = 0 }) => {
    if (transBatchA !== 0 || transBatchB !== 0)
      throw new GraphError('FusedMatMul', 'expected batch axes in place, got transBatchA or transBatchB');
    return [{ dtype: sameDType(a, b), shape: matmulShape(swap(a.shape, transA), swap(b.shape, transB)) }];
  },
  gradient: ({ inputs: [a, b], attributes: { alpha, transA, transB }, dy }) => {
    const scaled = scale(dy, alpha);
    const [left, right] = [transA ? transpose(a) : a, transB ? transpose(b) : b];
    const [da, db] = [matmul(scaled, transpose(right)), matmul(transpose(left), scaled)];
    return [transA ? transpose(da) : da, transB ? transpose(db) : db];
  },
});

type GemmAttributes = { alpha: number; beta: number; transA: number; transB: number };

/** alpha·A'·B' + beta·C on matrices; `transB: 1` takes Hugging Face's `[out, in]` weights as they are. */
export const Gemm = defineOp<[Value, Value, Value | null], GemmAttributes>('Gemm', {
  operands: 3,
  floats: ['alpha', 'beta'],
  defaults: { alpha: 1, beta: 1, transA: 0, transB: 0 },
  infer: ([a, b, c], { transA, transB }): TensorType[] => {
    if (a.shape.length !== 2 || b.shape.length !== 2)
      throw new GraphError(
        'Gemm',
        `expected matrices, got [${a.shape.join(', ')}] and [${b.shape.join(', ')}] — reshape() or matmul()`,
      );
    const shape = matmulShape(swap(a.shape, transA), swap(b.shape, transB)) as readonly [Dim, Dim];
    if (c) broadcastShapes(c.shape, shape);
    return [{ dtype: sameDType(a, b, c), shape }];
  },
  gradient: ({ inputs: [a, b, c], attributes: { alpha, beta, transA, transB }, dy }) => [
    transA ? gemm(b, dy, { alpha, transA: transB, transB: 1 }) : gemm(dy, b, { alpha, transB: 1 - transB }),
    transB ? gemm(dy, a, { alpha, transA: 1, transB: transA }) : gemm(a, dy, { alpha, transA: 1 - transA }),
    c && scale(dy, beta),
  ],
});

/** Any contraction, e.g. `einsum('bqd,bkd->bqk', q, k)`; every index of an operand appears in another or in the output. */
export const Einsum = defineOp<Value[], { equation: string }>('Einsum', {
  defaults: { equation: undefined },
  infer: (values, { equation }) => [
    {
      dtype: sameDType(...values),
      shape: einsumShape(
        equation,
        values.map((value) => value.shape),
      ),
    },
  ],
  gradient: ({ inputs, attributes: { equation }, dy }) =>
    einsumGradient(equation, inputs.length).map(({ equation: transposed, operands }) =>
      einsum(transposed, dy, ...operands.map((at) => inputs[at]!)),
    ),
});

export const matmul = (a: Value, b: Value): Value => MatMul.of([a, b]);

/** alpha·A'·B' (+ C). */
export function gemm(a: Value, b: Value, options: Partial<GemmAttributes> & { c?: Value } = {}): Value {
  const { c, ...attributes } = options;
  return Gemm.of([a, b, c ?? null], { alpha: 1, beta: 1, transA: 0, transB: 0, ...attributes });
}

/** x · weightᵀ + bias with x [tokens, in], weight [out, in] and bias [out], as `torch.nn.Linear`. */
export const linear = (x: Value, weight: Value, bias?: Value): Value =>
  gemm(x, weight, { transB: 1, c: bias });

export const einsum = (equation: string, ...values: Value[]): Value => Einsum.of(values, { equation });
