import { graphOf, input } from '@rag/onnx';
import { floats, runGraph, tensor, testOp } from '@rag/onnx/testing';
import { describe, expect, it } from 'vitest';
import { HIDDEN_ACTS } from './config-file.js';
import { activations, embedding, layerNorm, linear, rmsNorm, widthOf } from './layers.js';
import { parameterRoot } from './parameters.js';

const float32 = (values: readonly number[], shape: readonly number[]) => tensor(values, 'float32', shape);
const numbers = (data: ArrayLike<unknown>) => Array.from(data as ArrayLike<number>);

it('linear is x·Wᵀ + b with torch’s layout [out, in]', async () => {
  const x = input('x', 'float32', ['tokens', 2]);
  const y = linear(parameterRoot(), 'dense', x, 3);
  expect(y.shape).toEqual(['tokens', 3]);
  const { y: result } = await runGraph(graphOf([x], { y }), {
    x: float32([1, 2, 3, 4], [2, 2]),
    'dense.weight': float32([1, 0, 0, 1, 2, -1], [3, 2]),
    'dense.bias': float32([10, 20, 30], [3]),
  });
  expect(numbers(result!.data)).toEqual([11, 22, 30, 13, 24, 32]);
});

it('layerNorm has mean 0 and variance 1 before weight and bias', async () => {
  const x = input('x', 'float32', ['tokens', 4]);
  const y = layerNorm(parameterRoot(), 'LayerNorm', x, 1e-12);
  const { y: result } = await runGraph(graphOf([x], { y }), {
    x: float32([1, 2, 3, 4], [1, 4]),
    'LayerNorm.weight': float32([1, 1, 2, 1], [4]),
    'LayerNorm.bias': float32([0, 0, 0, 5], [4]),
  });
  const unit = 1 / Math.sqrt(1.25);
  for (const [i, value] of [-1.5 * unit, -0.5 * unit, unit, 5 + 1.5 * unit].entries())
    expect(numbers(result!.data)[i]).toBeCloseTo(value, 5);
});

it.each([0, 1])(
  'rmsNorm has mean square 1 before its weight, to which Gemma adds: offset %i',
  async (offset) => {
    const x = input('x', 'float32', ['tokens', 4]);
    const y = rmsNorm(parameterRoot(), 'norm', x, 1e-12, offset);
    const { y: result } = await runGraph(graphOf([x], { y }), {
      x: float32([1, -2, 3, 4], [1, 4]),
      'norm.weight': float32([1, 1, 2, 0], [4]),
    });
    const unit = 1 / Math.sqrt(7.5);
    const weights = [1, 1, 2, 0].map((weight) => weight + offset);
    for (const [i, value] of [1, -2, 3, 4].entries())
      expect(numbers(result!.data)[i]).toBeCloseTo(value * unit * weights[i]!, 5);
  },
);

it('embedding takes rows, repeated ones too', async () => {
  const ids = input('ids', 'int64', ['tokens']);
  const y = embedding(parameterRoot(), 'words', ids, 3, 2);
  expect(y.shape).toEqual(['tokens', 2]);
  const { y: result } = await runGraph(graphOf([ids], { y }), {
    ids: tensor([2, 0, 2]),
    'words.weight': float32([1, 2, 3, 4, 5, 6], [3, 2]),
  });
  expect(numbers(result!.data)).toEqual([5, 6, 1, 2, 5, 6]);
});

it('widthOf wants a static last axis', () => {
  expect(widthOf(input('x', 'float32', ['tokens', 7]))).toBe(7);
  expect(() => widthOf(input('x', 'float32', [7, 'tokens']))).toThrow(
    'layers: expected a static last axis, got [7, tokens]',
  );
});

describe('activations', () => {
  const erf = (x: number) => {
    // Maclaurin series, exact to double precision for |x| ≤ 2.
    let [sum, term] = [0, x];
    for (let n = 0; n < 60; n++) {
      sum += term / (2 * n + 1);
      term *= -(x * x) / (n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));
  const tanhGelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const silu = (x: number) => x / (1 + Math.exp(-x));
  const definitions: Record<(typeof HIDDEN_ACTS)[number], (x: number) => number> = {
    gelu,
    gelu_new: tanhGelu,
    gelu_pytorch_tanh: tanhGelu,
    relu: (x) => Math.max(0, x),
    silu,
    swish: silu,
    tanh: Math.tanh,
  };
  const at = [-2.3, -1, -0.4, 0.2, 0.9, 2.5];

  it.each(HIDDEN_ACTS)('%s is its definition', async (name) => {
    const x = input('x', 'float32', ['tokens']);
    const { y } = await runGraph(graphOf([x], { y: activations[name](x) }), { x: float32(at, [at.length]) });
    for (const [i, value] of at.entries())
      expect(numbers(y!.data)[i]).toBeCloseTo(definitions[name](value), 5);
  });

  it.each(HIDDEN_ACTS)('%s has the gradient of a central difference', async (name) => {
    // ONNX Runtime turns x·sigmoid(x) into QuickGelu whatever the dtype, and has a kernel of it for float32 alone.
    const single = name === 'silu' || name === 'swish';
    await testOp({
      ops: [],
      inputs: { x: floats([3, 4], 1, 0.1, 2) },
      ...(single && { precision: 'float32' as const }),
      build: ({ x }) => activations[name](x!),
    });
  });
});
