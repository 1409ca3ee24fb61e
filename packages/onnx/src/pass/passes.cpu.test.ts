import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { constant, input } from '../ir/value.js';
import { add, cast, div, mul, neg, reciprocal, sqrt, sub } from '../ops/elementwise.js';
import { matmul } from '../ops/matmul.js';
import { transpose } from '../ops/movement.js';
import { composedFeeds, composedFixture, composedNetwork } from '../testing/composed-network.js';
import { floats, inPrecision, numbersOf, runGraph, tensor } from '../testing/index.js';
import { foldConstants } from './fold.js';
import { fuseMatmul } from './fuse-matmul.js';
import { shapesFromInputs } from './shapes-from-inputs.js';
import { shareIntegers } from './share.js';
import { simplify } from './simplify.js';

const fixture = composedFixture();
const network = composedNetwork(fixture);
const feeds = composedFeeds(fixture);
const passes = { foldConstants, fuseMatmul, simplify, shapesFromInputs, shareIntegers };

test.each(Object.entries(passes))('%s changes the graph and keeps its numbers', async (_, pass) => {
  const changed = pass(network);
  expect(changed.nodes.length).not.toBe(network.nodes.length);
  const [before, after] = [await runGraph(network, feeds), await runGraph(changed, feeds)];
  for (const [name, { data }] of Object.entries(before)) {
    const scale = Math.max(...numbersOf(before[name]!).map(Math.abs), 1e-3);
    const worst = Math.max(...numbersOf(after[name]!).map((x, i) => Math.abs(x - Number(data[i]))));
    expect(worst, name).toBeLessThanOrEqual(2e-6 * scale);
  }
});

test('folded scalars have the bits of ONNX Runtime', async () => {
  const a = 0.1;
  const runs = (x: ReturnType<typeof constant>, i: ReturnType<typeof constant>) => ({
    sum: add(x, 0.7),
    product: mul(div(x, 3), 1.1),
    root: sqrt(reciprocal(x)),
    difference: neg(sub(x, 1e-9)),
    whole: div(mul(i, constant(3, 'int64')), constant(2, 'int64')),
    real: cast(i, 'float32'),
  });
  const [x, i] = [input('x', 'float32', []), input('i', 'int64', [])];
  const got = await runGraph(graphOf([x, i], runs(x, i)), {
    x: tensor([a], 'float32', []),
    i: tensor([-7], 'int64', []),
  });
  const folded = foldConstants(graphOf([], runs(constant(a), constant(-7, 'int64'))));
  expect(folded.nodes).toEqual([]);
  for (const [name, value] of Object.entries(folded.outputs))
    expect(value.source, name).toMatchObject({ kind: 'constant', data: got[name]!.data });
});

test('fused products of every form have the numbers of the plain ones', async () => {
  const [a, b] = [input('a', 'float32', ['n', 'h', 3, 2]), input('b', 'float32', ['n', 'h', 3, 4])];
  const square = input('square', 'float32', [3, 3]);
  const outputs = {
    left: matmul(transpose(a), b),
    after: transpose(div(matmul(transpose(mul(a, 0.5)), b), 3)),
    shared: matmul(transpose(square), b),
    right: matmul(transpose(b), transpose(square)),
  };
  const plain = graphOf([a, b, square], outputs);
  const given = {
    a: inPrecision(floats([2, 5, 3, 2], 1), 'float32'),
    b: inPrecision(floats([2, 5, 3, 4], 2), 'float32'),
    square: inPrecision(floats([3, 3], 3), 'float32'),
  };
  const fused = fuseMatmul(plain);
  expect(fused.nodes.map(({ op }) => op.opType)).toEqual(Array(4).fill('FusedMatMul'));
  const [expected, got] = [await runGraph(plain, given), await runGraph(fused, given)];
  for (const name of Object.keys(outputs))
    for (const [at, value] of numbersOf(got[name]!).entries())
      expect(value).toBeCloseTo(numbersOf(expected[name]!)[at]!, 5);
});
