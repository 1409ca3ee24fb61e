import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { input, parameter, type Value } from '../ir/value.js';
import { add, relu, tanh } from '../ops/elementwise.js';
import { gather } from '../ops/gather.js';
import { linear } from '../ops/index.js';
import { reshape, transpose } from '../ops/movement.js';
import { softmax } from '../ops/normalize.js';
import { firstRows } from './first-rows.js';

const first = input('first', 'int64', ['batch']);
const block = input('block', 'int64', ['batch', 'seq']);
const cell = input('cell', 'int64', ['tokens']);
const x = input('x', 'float32', ['tokens', 4]);
const weight = parameter('weight', [4, 4]);
const narrow = (outputs: Record<string, Value>) =>
  firstRows({ first: 'first', block: 'block', cell: 'cell' })(graphOf([x, first, block, cell], outputs));
const written = (graph: ReturnType<typeof narrow>) =>
  graph.nodes.map(({ op, outputs }) => `${op.opType} [${outputs[0]!.shape.join(', ')}]`);

test('rows are taken before what works row by row', () => {
  const graph = narrow({ y: gather(relu(linear(x, weight)), first) });
  expect(written(graph)).toEqual(['Gather [batch, 4]', 'Gemm [batch, 4]', 'Relu [batch, 4]']);
});

test('rows that another output needs are computed once', () => {
  const hidden = linear(x, weight);
  const graph = narrow({ y: tanh(gather(hidden, first)), hidden });
  expect(written(graph)).toEqual(['Gemm [tokens, 4]', 'Gather [batch, 4]', 'Tanh [batch, 4]']);
});

test('of blocks the first column is computed, of what mixes columns all', () => {
  const blocks = reshape(gather(x, block), [0, 0, 2, 2]);
  const mixed = softmax(transpose(blocks, [0, 2, 1, 3]), 2);
  const rows = gather(reshape(transpose(mixed, [0, 2, 1, 3]), [-1, 4]), cell);
  const graph = narrow({ y: gather(add(rows, x), first) });
  expect(written(graph).filter((line) => /Softmax|Slice|Add/.test(line))).toEqual([
    'Softmax [batch, 2, seq, 2]',
    'Slice [batch, 2, 1, 2]',
    'Add [batch, 4]',
  ]);
});

test('an op that does not work row by row is computed in full', () => {
  const graph = narrow({ y: gather(softmax(x, 0), first) });
  expect(written(graph)).toEqual(['Softmax [tokens, 4]', 'Gather [batch, 4]']);
});

test('a graph without those places, or without first rows, is itself', () => {
  const graph = graphOf([x], { y: relu(x) });
  expect(firstRows({ first: 'first', block: 'block', cell: 'cell' })(graph)).toBe(graph);
  const packed = graphOf([x, first, block, cell], { y: relu(x) });
  expect(firstRows({ first: 'first', block: 'block', cell: 'cell' })(packed)).toBe(packed);
});
