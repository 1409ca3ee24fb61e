import { constant } from '../ir/value.js';
import { floats, tensor } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import { shapeOf } from './movement.js';
import * as family from './slice.js';

const END = Number.MAX_SAFE_INTEGER;
const { Concat, Pad, Slice, Split, Tile } = family;

testFamily(family, {}, (testOp) => {
  for (const axis of [0, 1, -1])
    testOp(`three operands along ${axis}`, {
      ops: [Concat],
      inputs: {
        a: floats([2, 3, 4], 7),
        b: floats([2, 3, 4].with(axis, 1), 8),
        c: floats([2, 3, 4].with(axis, 5), 9),
      },
      build: ({ a, b, c }) => family.concat([a!, b!, c!], axis),
    });
  for (const axis of [1, -2])
    testOp(`along ${axis}`, {
      ops: [Split],
      inputs: { x: floats([2, 6, 3], 10) },
      symbolic: { x: ['batch', 6, 3] },
      build: ({ x }) => family.split(x!, [1, 2, 3], axis),
    });
  testOp('whose second part is not used', {
    ops: [Split],
    inputs: { x: floats([6], 11) },
    symbolic: false,
    build: ({ x }) => {
      const [first, , last] = family.split(x!, [1, 2, 3], 0);
      return [first!, last!];
    },
  });
  for (const [starts, ends, axes, steps] of [
    [[1], [3], [0], [1]],
    [[0], [END], [-1], [2]],
    [[1], [END], [1], [3]],
    [[-3], [-1], [1], [1]],
    [[-4], [END], [1], [2]],
    [
      [1, 0],
      [END, -1],
      [0, 1],
      [1, 1],
    ],
    [
      [1, 0],
      [6, 4],
      [1, 0],
      [2, 3],
    ],
    [[-100], [100], [1], [1]],
    [[2], [100], [1], [1]],
    [[5], [2], [1], [1]],
    [[-100], [4], [1], [2]],
  ] as const)
    testOp(`starts [${starts}], ends [${ends}], axes [${axes}], steps [${steps}]`, {
      ops: [Slice],
      inputs: { x: floats([4, 7], 12) },
      symbolic: false,
      build: ({ x }) => family.slice(x!, starts, ends, axes, steps),
    });
  for (const [start, end] of [
    [1, END],
    [0, -1],
    [2, -1],
    [0, 1],
    [1, 3],
    [-1, END],
    [-3, -1],
  ] as const)
    testOp(`${start}:${end} of a symbolic axis`, {
      ops: [Slice],
      inputs: { x: floats([4, 3], 13) },
      symbolic: { x: ['batch', 3] },
      build: ({ x }) => family.slice(x!, [start], [end], [0]),
    });
  for (const [before, after] of [
    [
      [0, 1],
      [0, 2],
    ],
    [
      [2, 0],
      [0, 0],
    ],
    [
      [1, 1],
      [1, 1],
    ],
  ] as const)
    testOp(`[${before}] before, [${after}] after`, {
      ops: [Pad],
      inputs: { x: floats([2, 3], 16) },
      build: ({ x }) => family.pad(x!, before, after, 0.5),
    });
  testOp('without a value', {
    ops: [Pad],
    inputs: { x: floats([3], 17) },
    build: ({ x }) => Pad.of([x!, constant([1, 2], 'int64'), null], { mode: 'constant' }),
  });
  testOp('of integers', {
    ops: [Tile, Concat],
    inputs: { x: tensor([1, 2, 3]) },
    build: ({ x }) => family.concat([family.tile(x!, [2]), x!], 0),
  });
  for (const repeats of [
    [1, 2],
    [3, 1],
    [2, 2],
  ])
    testOp(`repeats [${repeats}]`, {
      ops: [Tile],
      inputs: { x: floats([2, 3], 18) },
      build: ({ x }) => family.tile(x!, repeats),
    });
  testOp('without axes and steps', {
    ops: [Slice],
    inputs: { x: floats([4, 3], 30) },
    symbolic: false,
    build: ({ x }) => Slice.of([x!, constant([1, 1], 'int64'), constant([3, 3], 'int64'), null, null]),
  });
  testOp('up to and from a size of another value', {
    ops: [Slice],
    inputs: { x: floats([5, 3], 40), like: floats([2, 4], 41) },
    wrt: ['x'],
    build: ({ x, like }) => {
      const size = family.slice(shapeOf(like!), [0], [1], [0]);
      const all = constant([Number.MAX_SAFE_INTEGER], 'int64');
      const [zero, axis] = [constant([0], 'int64'), constant([0], 'int64')];
      return [Slice.of([x!, zero, size, axis, null]), Slice.of([x!, size, all, axis, null]), like!];
    },
  });
});
