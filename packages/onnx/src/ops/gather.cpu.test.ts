import { expect, test } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { graphOf } from '../ir/trace.js';
import { constant, input, type Value } from '../ir/value.js';
import { floats, inPrecision, numbersOf, openGraph, tensor } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import { cast, mul } from './elementwise.js';
import * as family from './gather.js';
import { expandLike, shapeOf, squeeze, unsqueeze } from './movement.js';
import { reduceSum } from './reduce.js';
import { slice } from './slice.js';

const {
  ConstantOfShape,
  Gather,
  GatherElements,
  GatherND,
  OneHot,
  Range,
  ScatterElements,
  ScatterND,
  Trilu,
} = family;

testFamily(family, {}, (testOp) => {
  for (const [name, axis, indices] of [
    ['rows, repeated and negative', 0, tensor([1, 3, 1, -1])],
    ['a matrix of rows', 0, tensor([0, 2, 2, 3, 0, 1], 'int64', [2, 3])],
    ['along the last axis', -1, tensor([4, 0, 4])],
    ['a matrix along the middle axis', 1, tensor([2, 0, 0, 1], 'int64', [2, 2])],
    ['a scalar index', 0, tensor([2], 'int64', [])],
    ['a scalar index along the last axis', 2, tensor([-1], 'int64', [])],
    ['int32 indices', 0, tensor([3, 0, 3], 'int32')],
  ] as const)
    testOp(name, {
      ops: [Gather],
      inputs: { x: floats([4, 3, 5], 1), i: indices },
      build: ({ x, i }) => family.gather(x!, i!, axis),
    });
  testOp('with an inverse', {
    ops: [Gather],
    inputs: { x: floats([4, 3], 2), i: tensor([2, 0, 3, 1], 'int64', [2, 2]), inverse: tensor([1, 3, 0, 2]) },
    build: ({ x, i, inverse }) => family.gatherWithInverse(x!, i!, inverse!),
  });
  for (const axis of [0, 1, -1])
    testOp(`repeated and negative along ${axis}`, {
      ops: [GatherElements],
      inputs: { x: floats([3, 3], 3), i: tensor([0, 2, 0, 1, -1, 0], 'int64', [2, 3]) },
      build: ({ x, i }) => family.gatherElements(x!, i!, axis),
      symbolic: { x: ['rows', 3], i: ['picked', 3] },
    });
  for (const [name, indices] of [
    ['whole tuples', tensor([0, 1, 2, 3, 2, 4, 0, 1, 2], 'int64', [3, 3])],
    ['prefixes, repeated', tensor([0, 1, 3, 2, 0, 1, 3, 2], 'int64', [2, 2, 2])],
    ['rows, negative', tensor([-1, 0, -1], 'int64', [3, 1])],
    ['one tuple', tensor([3, -1], 'int64', [2])],
  ] as const)
    testOp(name, {
      ops: [GatherND],
      inputs: { x: floats([4, 3, 5], 4), i: indices },
      symbolic: { x: ['a', 'b', 'c'], i: indices.shape },
      build: ({ x, i }) => family.gatherND(x!, i!),
    });
  testOp('of distinct tuples', {
    ops: [ScatterND],
    inputs: { x: floats([4, 3], 5), i: tensor([3, 0], 'int64', [2, 1]), u: floats([2, 3], 6) },
    symbolic: { x: ['rows', 3], i: ['picked', 1], u: ['picked', 3] },
    build: ({ x, i, u }) => family.scatterND(x!, i!, u!),
  });
  testOp('of single elements', {
    ops: [ScatterND],
    inputs: { x: floats([4, 3], 7), i: tensor([3, 0, 1, 2], 'int64', [2, 2]), u: floats([2], 8) },
    symbolic: { x: ['rows', 3], i: ['picked', 2], u: ['picked'] },
    build: ({ x, i, u }) => family.scatterND(x!, i!, u!),
  });
  for (const axis of [0, -1]) {
    const inputs = { x: floats([3, 3], 9), u: floats([2, 3], 10) };
    testOp(`distinct along ${axis}`, {
      ops: [ScatterElements],
      inputs: { ...inputs, i: tensor([0, 2, 1, 1, 0, 2], 'int64', [2, 3]) },
      build: ({ x, i, u }) => family.scatterElements(x!, i!, u!, axis),
    });
    testOp(`adding repeated along ${axis}`, {
      ops: [ScatterElements],
      inputs: { ...inputs, i: tensor([0, 0, 1, 0, 0, 1], 'int64', [2, 3]) },
      build: ({ x, i, u }) => family.scatterElements(x!, i!, u!, axis, 'add'),
    });
  }
  testOp('to a constant', {
    ops: [Range],
    inputs: { x: tensor([1]) },
    build: ({ x }) => [family.range(5), x!],
  });
  testOp('to a size', {
    ops: [Range],
    inputs: { x: floats([3, 4], 11) },
    wrt: [],
    build: ({ x }) => {
      const rows = squeeze(slice(shapeOf(x!), [0], [1], [0]), [0]);
      return [family.range(rows), x!];
    },
  });
  testOp("of another value's shape", {
    ops: [ConstantOfShape],
    inputs: { x: floats([3, 4], 12) },
    wrt: [],
    build: ({ x }) => [ConstantOfShape.of([shapeOf(x!)]), x!],
  });
  for (const [axis, indices] of [
    [-1, tensor([0, 2, 1, 2], 'int64', [2, 2])],
    [0, tensor([0, 2])],
  ] as const)
    testOp(`along a new axis ${axis}`, {
      ops: [OneHot],
      inputs: { i: indices },
      build: ({ i }) => OneHot.of([i!, constant(3, 'int64'), constant([0, 1])], { axis }),
    });
  testOp('as a function', {
    ops: [OneHot],
    inputs: { i: tensor([0, 2]) },
    build: ({ i }) => family.oneHot(i!, 3),
  });
  for (const upper of [false, true])
    for (const k of [0, 1, -1])
      testOp(`${upper ? 'upper' : 'lower'}, k = ${k}`, {
        ops: [Trilu],
        inputs: { x: floats([2, 3, 4], 13) },
        build: ({ x }) => family.trilu(x!, { upper, k }),
      });
  testOp('without k', {
    ops: [Trilu],
    inputs: { x: floats([3, 3], 14) },
    build: ({ x }) => Trilu.of([x!, null], { upper: 1 }),
  });
});

const ROWS = 50;
const PICKS = 4000;
const WIDTH = 16;
/** Every row is picked many times, in an order that mixes the threads' shares. */
const picks = Array.from({ length: PICKS }, (_, i) => (i * i * 7 + 3 * i) % ROWS);

const builds: Readonly<Record<string, (x: Value, i: Value, w: Value) => Value>> = {
  Gather: (x, i) => family.gather(x, i),
  GatherND: (x, i) => family.gatherND(x, unsqueeze(i, [1])),
  GatherElements: (x, i, w) => family.gatherElements(x, expandLike(unsqueeze(i, [1]), w), 0),
};
for (const [name, build] of Object.entries(builds))
  test(`${name} with repeated indices: 100 gradients on two threads are the same and right`, async () => {
    const [x, i, w] = [
      input('x', 'float32', [ROWS, WIDTH]),
      input('i', 'int64', ['picks']),
      input('w', 'int64', ['picks', WIDTH]),
    ];
    const loss = reduceSum(mul(build(x, i, w), cast(w, 'float32')));
    const graph = graphOf([x, i, w], { dx: gradients(loss, [x])[0]! });
    // Small integers: float32 sums are exact in any order, so any difference is a lost or doubled row.
    const weights = Array.from({ length: PICKS * WIDTH }, (_, at) => (at % 7) - 3);
    const expected = Array.from({ length: ROWS * WIDTH }, () => 0);
    for (const [row, pick] of picks.entries())
      for (let c = 0; c < WIDTH; c++) expected[pick * WIDTH + c]! += weights[row * WIDTH + c]!;
    const open = await openGraph(graph, { threads: 2 });
    const feeds = {
      x: inPrecision(floats([ROWS, WIDTH], 1), 'float32'),
      i: tensor(picks),
      w: tensor(weights, 'int64', [PICKS, WIDTH]),
    };
    try {
      for (let run = 0; run < 100; run++) expect(numbersOf((await open.run(feeds)).dx!)).toEqual(expected);
    } finally {
      await open.close();
    }
  });

test('no gradient emits ScatterND with a reduction', () => {
  expect(() =>
    family.ScatterND.of(
      [input('x', 'float32', [3]), constant([[0]].flat(), 'int64', [1, 1]), input('u', 'float32', [1])],
      { reduction: 'add' },
    ),
  ).toThrow('ScatterElements adds exactly');
});
