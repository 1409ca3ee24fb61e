import { expect, it } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { trace } from '../ir/trace.js';
import { parameter } from '../ir/value.js';
import { exp, gelu, mul } from '../ops/elementwise.js';
import { linear } from '../ops/matmul.js';
import { reduceSum } from '../ops/reduce.js';
import { recomputeActivations } from './recompute.js';

const graph = trace({ x: { dtype: 'float32', shape: ['tokens', 4] } }, ({ x }) => {
  const [up, down] = [parameter('up', [8, 4]), parameter('down', [4, 8])];
  const loss = reduceSum(exp(linear(gelu(linear(x, up)), down)));
  const [dUp, dDown] = gradients(loss, [up, down]);
  return { loss, dUp: dUp!, dDown: dDown! };
});
const count = (opType: string, of = graph) => of.nodes.filter(({ op }) => op.opType === opType).length;

it('computes GELU once more, for the backward pass', () => {
  const again = recomputeActivations(graph);
  expect([count('Gelu'), count('Gelu', again)]).toEqual([1, 2]);
  const [, copy] = again.nodes.filter(({ op }) => op.opType === 'Gelu');
  const readers = again.nodes.filter(({ inputs }) => inputs.includes(copy!.outputs[0]!));
  expect(readers.every(({ scope }) => scope.startsWith('gradient'))).toBe(true);
  expect(again.nodes.length).toBe(graph.nodes.length + 1);
});

it('leaves alone what is not cheap, and graphs without a backward pass', () => {
  expect(count('Exp', recomputeActivations(graph))).toBe(count('Exp'));
  const forward = trace({ x: { dtype: 'float32', shape: [4] } }, ({ x }) => ({ y: mul(gelu(x), x) }));
  expect(recomputeActivations(forward).nodes).toEqual(forward.nodes);
});
