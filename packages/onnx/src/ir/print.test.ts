import { expect, test } from 'vitest';
import { mul } from '../ops/elementwise.js';
import { linear } from '../ops/matmul.js';
import { softmax } from '../ops/normalize.js';
import { topK } from '../ops/reduce.js';
import { printGraph } from './print.js';
import { trace } from './trace.js';
import { parameter, scope } from './value.js';

test('a graph reads as a listing', () => {
  const graph = trace({ x: { dtype: 'float32', shape: ['tokens', 4] } }, ({ x }) => {
    const logits = scope('classifier', () => linear(x, parameter('classifier.weight', [3, 4])));
    const { values, indices } = topK(mul(softmax(logits), 2), 2);
    return { values, indices, x };
  });
  expect(`\n${printGraph(graph)}\n`).toBe(`
input x  float32[tokens, 4]
parameter classifier.weight  float32[3, 4]
%0 = Gemm{alpha=1, beta=1, transA=0, transB=1}(x, classifier.weight, _)  float32[tokens, 3]  # classifier
%1 = Softmax{axis=-1}(%0)  float32[tokens, 3]
%2 = Mul(%1, [2])  float32[tokens, 3]
%3 = TopK{axis=-1, largest=1, sorted=1}(%2, [2])  float32[tokens, 2] int64[tokens, 2]
output values = %3.0  float32[tokens, 2]
output indices = %3.1  int64[tokens, 2]
output x = x  float32[tokens, 4]
`);
});
