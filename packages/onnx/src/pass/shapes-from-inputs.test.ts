import { expect, test } from 'vitest';
import { leavesOf, topologicalOrder } from '../ir/order.js';
import { dimsOf } from '../ir/shape.js';
import { graphOf } from '../ir/trace.js';
import { input } from '../ir/value.js';
import { tanh } from '../ops/elementwise.js';
import { reshape, ShapeOp, transpose } from '../ops/movement.js';
import { shapesFromInputs } from './shapes-from-inputs.js';

const ids = input('ids', 'int64', ['batch', 'seq']);
const x = input('x', 'float32', ['seq', 'batch', 6]);

test('an activation that is only asked for its shape is no longer needed', () => {
  const y = reshape(tanh(transpose(x, [1, 0, 2])), [0, 0, 2, 3]);
  const graph = shapesFromInputs(graphOf([ids, x], { shape: ShapeOp.of([y]) }));
  const { shape } = graph.outputs;
  expect(dimsOf(shape!)).toEqual(['batch', 'seq', 2, 3]);
  expect(leavesOf([shape!]).filter(({ source }) => source.kind === 'input')).toEqual([ids]);
  expect(topologicalOrder([shape!]).map(({ op }) => op.opType)).not.toContain('Tanh');
});

test('some axes only', () => {
  const graph = shapesFromInputs(graphOf([ids, x], { shape: ShapeOp.of([tanh(x)], { start: -1 }) }));
  expect(dimsOf(graph.outputs.shape!)).toEqual([6]);
});

test("an input's own shape and a size that no input has stay", () => {
  const flat = ShapeOp.of([tanh(reshape(x, [-1, 6]))]);
  const outputs = { own: ShapeOp.of([x]), flat };
  expect(shapesFromInputs(graphOf([x], outputs)).outputs).toEqual(outputs);
});
