import { expect, test } from 'vitest';
import { topologicalOrder } from '../ir/order.js';
import { input, parameter, scope, type Value } from '../ir/value.js';
import { add, cast, floor, mul, neg } from '../ops/elementwise.js';
import { gather, gatherWithInverse } from '../ops/gather.js';
import { linear } from '../ops/matmul.js';
import { argMax, reduceSum, topK } from '../ops/reduce.js';
import { gradients } from './gradients.js';

const x = input('x', 'float32', ['n', 3]);
const w = parameter('w', [3, 3]);
/** The ops that differentiation wrote, without those that only ask for a shape. */
const backward = (values: readonly Value[]): string[] =>
  topologicalOrder(values)
    .filter(({ op, scope }) => scope.startsWith('gradient') && op.opType !== 'Shape')
    .map(({ op }) => op.opType);

test('a loss that is no floating-point scalar', () => {
  expect(() => gradients(x, [x])).toThrow(
    'gradients: expected a floating-point scalar loss, got float32[n, 3] — reduceSum() or reduceMean() it',
  );
  expect(() => gradients(reduceSum(input('i', 'int64', [2])), [])).toThrow('got int64[]');
});

test('a value that the loss does not depend on, or only through integers', () => {
  const other = parameter('other', [2]);
  expect(() => gradients(reduceSum(x), [other])).toThrow(
    'expected a loss that depends on parameter "other" float32[2], got one that does not — leave it out or freeze it',
  );
  const picked = reduceSum(gather(w, argMax(x, 1)));
  expect(gradients(picked, [w])).toHaveLength(1);
  expect(() => gradients(picked, [x])).toThrow('depends on input "x"');
});

test('an op without a gradient on the way, under its scope; beside the way it does not matter', () => {
  const rounded = scope('quantize', () => floor(x));
  expect(() => gradients(reduceSum(mul(rounded, x)), [x])).toThrow(
    'quantize/Floor: expected a differentiable op on the way from the loss, got Floor of input "x" float32[n, 3]',
  );
  expect(gradients(reduceSum(linear(rounded, w)), [w])[0]).toMatchObject({ shape: [3, 3] });
});

test('gradients have the dtype and the shape of what they are of, and stand under their own scope', () => {
  const bias = parameter('bias', [1, 3]);
  const loss = scope('head', () => reduceSum(add(linear(x, w), bias)));
  const [dx, dw, dbias] = gradients(loss, [x, w, bias]);
  expect(dx).toMatchObject({ dtype: 'float32', shape: ['n', 3] });
  expect(dw).toMatchObject({ shape: [3, 3] });
  expect(dbias).toMatchObject({ shape: [1, 3] });
  expect(dbias!.source).toMatchObject({ scope: expect.stringMatching(/^gradient\/head/) });
});

test('by the loss itself, by a value in between, and by a value used twice', () => {
  const half = mul(x, 0.5);
  const loss = reduceSum(add(half, half));
  const [one, between, twice] = gradients(loss, [loss, half, x]);
  expect(one!.source).toMatchObject({ data: new Float32Array([1]) });
  expect(between).toMatchObject({ shape: ['n', 3] });
  expect(backward([twice!])).toEqual(['Unsqueeze', 'Expand', 'Add', 'Mul']);
});

test('nothing is computed for what nobody asked for', () => {
  const loss = reduceSum(linear(neg(x), w));
  expect(backward(gradients(loss, [w])).filter((op) => op === 'Gemm' || op === 'Neg')).toEqual(['Gemm']);
});

test('a gradient through an integer cast stops, through a precision it goes on', () => {
  expect(() => gradients(reduceSum(cast(cast(x, 'int64'), 'float32')), [x])).toThrow('depends on input "x"');
  expect(gradients(reduceSum(cast(x, 'float64')), [x])[0]).toMatchObject({ dtype: 'float32' });
});

test('a gather with an inverse differentiates into a gather, never into a scatter', () => {
  const index = input('index', 'int64', ['b', 's']);
  const inverse = input('inverse', 'int64', ['n']);
  const loss = reduceSum(mul(gatherWithInverse(x, index, inverse), 2));
  const ops = topologicalOrder(gradients(loss, [x])).map(({ op }) => op.opType);
  expect(ops).toContain('Gather');
  expect(ops.filter((op) => op.startsWith('Scatter'))).toEqual([]);
});

test('the second of two outputs only', () => {
  const { values } = topK(x, 2);
  expect(gradients(reduceSum(values), [x])[0]).toMatchObject({ shape: ['n', 3] });
});
