import {
  add,
  cast,
  concat,
  constant,
  type Graph,
  gather,
  mul,
  parameter,
  range,
  reshape,
  shapeOf,
  squeeze,
  trace,
  type Value,
} from '@rag/onnx';
import { describe, expect, test } from 'vitest';
import { cudaKernels, hostNodes } from './cuda-placement.js';

const table = cudaKernels();
const x = { dtype: 'float32', shape: ['n', 4] } as const;
const tokens = { dtype: 'int64', shape: ['n'] } as const;

const found = (graph: Graph, weights: 'inputs' | 'initializers' = 'inputs') =>
  hostNodes(graph, table, { weights });

describe('nodes that leave the device', () => {
  test('none of a product of floats', () => {
    expect(found(trace({ x }, (inputs) => ({ y: mul(add(inputs.x, 1), inputs.x) })))).toEqual([]);
  });

  test('an element type without a kernel', () => {
    const bits = (value: Value) => cast(value, 'int8');
    const graph = trace({ x }, (inputs) => ({ y: add(bits(inputs.x), bits(inputs.x)) }));
    expect(found(graph)).toEqual([]);
    const without = { ...table, kernels: { ...table.kernels, ':Add': [] } };
    expect(hostNodes(graph, without, { weights: 'inputs' })).toEqual([
      {
        node: 'Add',
        types: 'int8[n, 4], int8[n, 4] -> int8[n, 4]',
        reason: 'no kernel',
        shapeArithmetic: false,
      },
    ]);
    const floats = table.kernels[':Add']!.map((kernel) => ({ ...kernel, types: { T: ['float32'] } }));
    const narrower = { ...table, kernels: { ...table.kernels, ':Add': floats } };
    expect(hostNodes(graph, narrower, { weights: 'inputs' }).map(({ reason }) => reason)).toEqual([
      'no kernel',
    ]);
  });

  test('an opset without a kernel', () => {
    const graph = trace({ x }, (inputs) => ({ y: add(inputs.x, 1) }));
    expect(hostNodes(graph, table, { weights: 'inputs', opset: 12 })).toHaveLength(1);
  });

  test('arithmetic on shapes is so by design, and a kernel that reads a shape is not drawn along', () => {
    const graph = trace({ x }, (inputs) => {
      const size = gather(shapeOf(inputs.x), constant([0], 'int64'));
      return { y: reshape(inputs.x, concat([size, constant([2, 2], 'int64')], 0)) };
    });
    expect(found(graph).map(({ node, shapeArithmetic }) => [node, shapeArithmetic])).toEqual([
      ['Gather', true],
      ['Concat', true],
    ]);
  });

  test('rows of a weight by a place that follows from a shape: a weight that is fed would be copied to the host', () => {
    const graph = trace({ tokens }, (inputs) => {
      const size = shapeOf(inputs.tokens);
      return { y: gather(parameter('positions', [64, 4]), size) };
    });
    expect(found(graph)).toMatchObject([
      { node: 'Gather', reason: 'preferred on the host', shapeArithmetic: false },
    ]);
    expect(found(graph, 'initializers')).toEqual([]);
  });

  test('what a range of places makes stays on the device', () => {
    const graph = trace({ tokens }, (inputs) => ({
      y: gather(parameter('positions', [64, 4]), range(squeeze(shapeOf(inputs.tokens), [0]))),
    }));
    expect(found(graph).map(({ node, shapeArithmetic }) => [node, shapeArithmetic])).toEqual([
      ['Squeeze', true],
    ]);
  });
});

test('the table says what it is', () => {
  expect(table.source).toMatch(/ONNX Runtime 1\.25\.0 in development, commit [0-9a-f]{40}/);
  expect(Object.keys(table.kernels).length).toBeGreaterThan(70);
});
