import { expect, test } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { trace } from '../ir/trace.js';
import { constant } from '../ir/value.js';
import { floats, numbersOf, runGraph } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import { add, mul } from './elementwise.js';
import * as family from './movement.js';
import { reduceSum } from './reduce.js';

const { Expand, Identity, Reshape, ShapeOp, Squeeze, Transpose, Unsqueeze } = family;
const x234 = { x: floats([2, 3, 4], 1) };

testFamily(family, {}, (testOp) => {
  testOp('of rank 3', { ops: [Identity], inputs: x234, build: ({ x }) => family.identity(x!) });
  testOp('of rank 3', { ops: [ShapeOp], inputs: x234, build: ({ x }) => ShapeOp.of([x!]) });
  for (const shape of [[-1, 6], [-1], [0, -1], [0, -1, 2, 2], [-1, 1, 4]])
    testOp(`[2, 3, 4] to [${shape.join(', ')}]`, {
      ops: [Reshape],
      inputs: x234,
      symbolic: { x: ['batch', 3, 4] },
      build: ({ x }) => family.reshape(x!, shape),
    });
  testOp('with a size copied behind a static one', {
    ops: [Reshape],
    inputs: x234,
    symbolic: false,
    build: ({ x }) => family.reshape(x!, [2, 0, -1]),
  });
  testOp('to the shape of another value', {
    ops: [Reshape],
    inputs: { x: floats([6, 4], 2), like: floats([2, 3, 4], 3) },
    symbolic: { x: ['b*s', 4], like: ['b', 's', 4] },
    build: ({ x, like }) => add(family.reshapeLike(x!, like!), like!),
  });
  for (const perm of [undefined, [0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]])
    testOp(`perm ${perm ? `[${perm.join(', ')}]` : 'left out'}`, {
      ops: perm?.[1] === 1 && perm[0] === 0 ? [] : [Transpose],
      inputs: x234,
      build: ({ x }) => family.transpose(x!, perm),
    });
  testOp('to a static shape', {
    ops: [Expand],
    inputs: { x: floats([3, 1], 4) },
    symbolic: false,
    build: ({ x }) => family.expand(x!, [2, 3, 4]),
  });
  testOp('to the shape of another value', {
    ops: [Expand],
    inputs: { x: floats([1, 4], 5), like: floats([2, 3, 4], 6) },
    wrt: ['x'],
    build: ({ x, like }) => family.expandLike(x!, like!),
  });
  testOp('zeros like another value', {
    ops: [Expand],
    inputs: x234,
    wrt: [],
    build: ({ x }) => family.zerosLike(x!),
  });
  for (const axes of [[1], [-1], [1, 3], [-1, 1]])
    testOp(`axes [${axes}]`, {
      ops: [Squeeze],
      inputs: { x: floats([2, 1, 3, 1], 14) },
      build: ({ x }) => family.squeeze(x!, axes),
    });
  for (const axes of [[0], [-1], [0, 2], [-1, 1], [1, 2]])
    testOp(`axes [${axes}]`, {
      ops: [Unsqueeze],
      inputs: { x: floats([2, 3], 15) },
      build: ({ x }) => family.unsqueeze(x!, axes),
    });
  testOp('of every axis of size 1', {
    ops: [Squeeze],
    inputs: { x: floats([2, 1, 3, 1], 30) },
    build: ({ x }) => Squeeze.of([x!, null]),
  });
  testOp('without a permutation', {
    ops: [Transpose],
    inputs: x234,
    build: ({ x }) => Transpose.of([x!], {}),
  });
  testOp('of some axes', {
    ops: [ShapeOp],
    inputs: x234,
    build: ({ x }) => [ShapeOp.of([x!], { start: 1 }), ShapeOp.of([x!], { start: -3, end: -1 })],
  });
  testOp('that takes a zero at its word', {
    ops: [Reshape],
    inputs: { x: floats([0, 3], 31) },
    symbolic: false,
    build: ({ x }) => Reshape.of([x!, constant([3, 0], 'int64')], { allowzero: 1 }),
  });
});

test('stopGradient gives x, and no gradient', async () => {
  const graph = trace({ x: { dtype: 'float32', shape: [2] } }, ({ x }) => {
    const y = reduceSum(mul(x, family.stopGradient(x)));
    return { y, gradient: gradients(y, [x])[0]! };
  });
  const { y, gradient } = await runGraph(graph, {
    x: { dtype: 'float32', shape: [2], data: Float32Array.of(2, 3) },
  });
  expect([numbersOf(y!), numbersOf(gradient!)]).toEqual([[13], [2, 3]]);
});
