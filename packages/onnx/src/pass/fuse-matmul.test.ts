import { expect, test } from 'vitest';
import { printGraph } from '../ir/print.js';
import { graphOf } from '../ir/trace.js';
import { input, type Value } from '../ir/value.js';
import { add, div, mul } from '../ops/elementwise.js';
import { linear, matmul } from '../ops/matmul.js';
import { transpose } from '../ops/movement.js';
import { fuseMatmul } from './fuse-matmul.js';

const a = input('a', 'float32', ['n', 2, 3]);
const b = input('b', 'float32', ['n', 2, 4]);
const c = input('c', 'float32', ['n', 3, 4]);
/** The nodes after the pass, as text without types. */
const nodes = (outputs: Record<string, Value>): string[] =>
  printGraph(fuseMatmul(graphOf([a, b, c], outputs)))
    .split('\n')
    .filter((line) => line.startsWith('%'))
    .map((line) => line.replace(/^%\d+ = /, '').replace(/ {2}.*/, ''));

test.each<readonly [string, Value, string]>([
  ['a transpose on the left', matmul(transpose(a), b), 'FusedMatMul{alpha=1, transA=1, transB=0}(a, b)'],
  ['a transpose on the right', matmul(b, transpose(c)), 'FusedMatMul{alpha=1, transA=0, transB=1}(b, c)'],
  ['a factor after', mul(matmul(a, c), 0.5), 'FusedMatMul{alpha=0.5, transA=0, transB=0}(a, c)'],
  ['a factor on the left of it', mul(0.5, matmul(a, c)), 'FusedMatMul{alpha=0.5, transA=0, transB=0}(a, c)'],
  ['a divisor after', div(matmul(a, c), 4), 'FusedMatMul{alpha=0.25, transA=0, transB=0}(a, c)'],
  ['factors before', matmul(mul(a, 0.5), div(c, 2)), 'FusedMatMul{alpha=0.25, transA=0, transB=0}(a, c)'],
  ['a transpose after', transpose(matmul(transpose(a), b)), 'FusedMatMul{alpha=1, transA=1, transB=0}(b, a)'],
  [
    'all at once',
    transpose(mul(matmul(mul(transpose(a), 2), b), 0.25)),
    'FusedMatMul{alpha=0.5, transA=1, transB=0}(b, a)',
  ],
  ['a transpose and back', matmul(transpose(transpose(a)), c), 'MatMul(a, c)'],
])('%s is taken in', (_, y, expected) => {
  expect(nodes({ y })).toEqual([expected]);
});

test('a transpose that others use stays for them', () => {
  const turned = transpose(a);
  expect(nodes({ y: matmul(turned, b), turned })).toEqual([
    'FusedMatMul{alpha=1, transA=1, transB=0}(a, b)',
    'Transpose{perm=[0, 2, 1]}(a)',
  ]);
});

test('a product that others use is not computed twice', () => {
  const product = matmul(a, c);
  expect(nodes({ y: mul(product, 0.5), z: add(product, 1), t: transpose(product) })).toEqual([
    'MatMul(a, c)',
    'Mul(%0, [0.5])',
    'Add(%0, [1])',
    'Transpose{perm=[0, 2, 1]}(%0)',
  ]);
});

test('other transposes, factors that broadcast, Gemm, division of a constant and float64 stay', () => {
  const heads = transpose(input('x', 'float32', [2, 3, 4]), [1, 0, 2]);
  const x = heads.source.kind === 'node' ? heads.source.inputs[0]! : a;
  const [m, w] = [input('m', 'float32', [2, 3]), input('w', 'float32', [4, 3])];
  const d = input('d', 'float64', [2, 3]);
  const graph = graphOf([x, a, c, m, w, d], {
    heads: matmul(heads, transpose(heads, [0, 2, 1])),
    each: mul(matmul(a, c), matmul(a, c)),
    over: div(2, matmul(a, c)),
    affine: linear(m, w),
    double: matmul(transpose(d), d),
  });
  const ops = fuseMatmul(graph).nodes.map((node) => node.op.opType);
  expect(ops.filter((op) => op === 'FusedMatMul')).toHaveLength(1);
  expect(ops.filter((op) => op === 'MatMul')).toHaveLength(4);
  expect(ops).toContain('Gemm');
});
