import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { constant, input } from '../ir/value.js';
import { add, mul } from '../ops/elementwise.js';
import { Reshape, ShapeOp } from '../ops/movement.js';
import { concat, slice } from '../ops/slice.js';
import { shareIntegers } from './share.js';

const x = input('x', 'float32', ['b', 4]);
const shape = (start: number) => slice(ShapeOp.of([x]), [start], [start + 1], [0]);

test('equal shapes are computed once, with constants that are equal but not the same', () => {
  const to = () => concat([shape(0), constant([2, 2], 'int64')], 0);
  const graph = shareIntegers(graphOf([x], { a: Reshape.of([x, to()]), b: Reshape.of([mul(x, 2), to()]) }));
  expect(graph.nodes.map(({ op }) => op.opType).toSorted()).toEqual([
    'Concat',
    'Mul',
    'Reshape',
    'Reshape',
    'Shape',
    'Slice',
  ]);
});

test('nodes that differ in an operand, an attribute or an element stay apart', () => {
  const y = input('y', 'float32', ['b', 4]);
  const outputs = {
    a: shape(0),
    b: shape(1),
    c: ShapeOp.of([y]),
    d: ShapeOp.of([x], { start: 1 }),
    e: add(ShapeOp.of([x]), constant(1, 'int64')),
    f: add(ShapeOp.of([x]), constant(2, 'int64')),
  };
  const graph = shareIntegers(graphOf([x, y], outputs));
  expect(new Set(Object.values(graph.outputs)).size).toBe(6);
  expect(graph.nodes).toHaveLength(7);
});

test('floating-point nodes that are equal stay apart: recomputation is meant', () => {
  const graph = shareIntegers(graphOf([x], { a: mul(x, x), b: mul(x, x) }));
  expect(graph.nodes).toHaveLength(2);
});
