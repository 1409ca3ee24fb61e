import { expect, test } from 'vitest';
import { add, mul } from '../ops/elementwise.js';
import { matmul } from '../ops/matmul.js';
import { leavesOf, topologicalOrder } from './order.js';
import { graphOf, nameOf, trace } from './trace.js';
import { constant, currentScope, describe, input, parameter, scope } from './value.js';

test('a function becomes a graph: inputs declared, parameters found, nodes after their operands', () => {
  const weight = parameter('weight', [4, 2]);
  const graph = trace(
    { x: { dtype: 'float32', shape: ['n', 4] }, unused: { dtype: 'int64', shape: [] } },
    ({ x }) => ({ y: add(matmul(x, weight), parameter('bias', [2])) }),
  );
  expect(graph.inputs.map(nameOf)).toEqual(['x', 'unused']);
  expect(graph.parameters.map(nameOf)).toEqual(['weight', 'bias']);
  expect(graph.nodes.map(({ op }) => op.opType)).toEqual(['MatMul', 'Add']);
  expect(graph.outputs.y).toMatchObject({ dtype: 'float32', shape: ['n', 2] });
});

test('leaves that share a name, inputs that are not declared, names of what has none', () => {
  const x = input('x', 'float32', [2]);
  expect(() => graphOf([x], { y: add(x, parameter('x', [2])) })).toThrow('expected one leaf named "x"');
  expect(() => graphOf([x], { y: add(parameter('w', [2]), parameter('w', [2])) })).toThrow('named "w"');
  expect(() => graphOf([], { y: mul(x, 2) })).toThrow('expected every input to be declared');
  expect(() => graphOf([x, input('x', 'float32', [3])], { x })).toThrow('expected distinct inputs');
  expect(() => nameOf(constant(1))).toThrow('expected an input or a parameter');
});

test('scopes name nodes and the errors of what is built in them, also after an error', () => {
  const x = input('x', 'float32', [2, 3]);
  expect(() => scope('encoder', () => scope('layer.0', () => matmul(x, x)))).toThrow(
    'encoder/layer.0/MatMul: expected inner sizes that agree, got [2, 3] and [2, 3]',
  );
  expect(currentScope()).toBe('');
  expect(describe(scope('a', () => mul(x, 2)))).toBe('a/Mul float32[2, 3]');
  expect(describe(null)).toBe('(left out)');
  expect(describe(constant([1, 2], 'int64'))).toBe('constant int64[2]');
});

test('a chain of 100,000 nodes needs no recursion', () => {
  let y = input('x', 'float32', []);
  const x = y;
  for (let i = 0; i < 100_000; i++) y = add(y, y);
  expect(topologicalOrder([y])).toHaveLength(100_000);
  expect(leavesOf([y])).toEqual([x]);
});

test('constants: elements convert to the dtype and must fill the shape', () => {
  expect(constant([1, 2], 'int64').source).toMatchObject({ data: new BigInt64Array([1n, 2n]) });
  expect(constant(1, 'bool').source).toMatchObject({ data: new Uint8Array([1]) });
  expect(() => constant([1, 2, 3], 'float32', [2])).toThrow('expected 2 elements for float32[2], got 3');
  expect(() => constant(1, 'float16')).toThrow('expected 16-bit codes for float16');
});
