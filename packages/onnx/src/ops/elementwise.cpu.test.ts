import { floats, spreadFloats, tensor } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import * as family from './elementwise.js';

const positive = (shape: readonly number[], seed: number) => floats(shape, seed, 0.5, 2);
/** Pairs of shapes that broadcast in every way: equal, scalar, row, column, both sides, rank, empty axis. */
const pairs: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ['equal shapes', [2, 3], [2, 3]],
  ['a scalar on the right', [2, 3], []],
  ['a scalar on the left', [], [2, 3]],
  ['a row', [2, 3], [3]],
  ['a column on the left', [2, 1], [2, 3]],
  ['both sides', [2, 1, 4], [3, 1]],
  ['size 1 against rank 3', [1], [2, 3, 4]],
];
const { Add, Sub, Mul, Div, Pow, Min, Max, Where, Clip, Cast } = family;
const comparisons = [
  [family.Equal, family.equal],
  [family.Less, family.less],
  [family.LessOrEqual, family.lessOrEqual],
  [family.Greater, family.greater],
  [family.GreaterOrEqual, family.greaterOrEqual],
] as const;
const unary = [
  [family.Neg, family.neg],
  [family.Abs, family.abs],
  [family.Sign, family.sign],
  [family.Floor, family.floor],
  [family.Exp, family.exp],
  [family.Erf, family.erf],
  [family.Sin, family.sin],
  [family.Cos, family.cos],
  [family.Tanh, family.tanh],
  [family.Sigmoid, family.sigmoid],
  [family.Relu, family.relu],
  [family.Softplus, family.softplus],
  [family.Gelu, family.gelu],
  [family.Reciprocal, family.reciprocal],
  [family.Sqrt, family.sqrt],
  [family.Log, family.log],
] as const;
const ofPositives = ['Reciprocal', 'Sqrt', 'Log'];
const float32 = [family.Erf, family.Softplus, family.Gelu];

testFamily(family, { float32 }, (testOp) => {
  for (const [name, a, b] of pairs) {
    const inputs = { a: floats(a, 1), b: positive(b, 2) };
    testOp(name, { ops: [Add], inputs, build: ({ a, b }) => family.add(a!, b!) });
    testOp(name, { ops: [Sub], inputs, build: ({ a, b }) => family.sub(a!, b!) });
    testOp(name, { ops: [Mul], inputs, build: ({ a, b }) => family.mul(a!, b!) });
    testOp(name, { ops: [Div], inputs, build: ({ a, b }) => family.div(a!, b!) });
    testOp(name, {
      ops: [Pow],
      inputs: { a: positive(a, 3), b: floats(b, 4, -2, 3) },
      build: ({ a, b }) => family.pow(a!, b!),
    });
    const apart = { a: spreadFloats(a, 5, 0.05), b: spreadFloats(b, 6) };
    testOp(name, { ops: [Min], inputs: apart, build: ({ a, b }) => family.min(a!, b!) });
    testOp(name, { ops: [Max], inputs: apart, build: ({ a, b }) => family.max(a!, b!) });
    for (const [op, apply] of comparisons)
      testOp(name, { ops: [op], inputs, build: ({ a, b }) => apply(a!, b!) });
    const size = (shape: readonly number[]) => shape.reduce((x, y) => x * y, 1);
    const bits = (shape: readonly number[], seed: number) =>
      tensor(
        [...floats([size(shape)], seed).data].map((x) => (x > 0 ? 1 : 0)),
        'bool',
        shape,
      );
    const logical = { a: bits(a, 7), b: bits(b, 8) };
    testOp(name, { ops: [family.And], inputs: logical, build: ({ a, b }) => family.and(a!, b!) });
    testOp(name, { ops: [family.Or], inputs: logical, build: ({ a, b }) => family.or(a!, b!) });
    testOp(name, {
      ops: [Where],
      inputs: { c: bits(a, 9), a: floats(b, 10), b: floats(a, 11) },
      build: ({ c, a, b }) => family.where(c!, a!, b!),
    });
  }
  for (const [op, apply] of unary)
    for (const shape of [[], [5], [2, 3, 4]])
      testOp(`of [${shape.join(', ')}]`, {
        ops: [op],
        inputs: { x: ofPositives.includes(op.opType) ? positive(shape, 20) : spreadFloats(shape, 21, 0.13) },
        build: ({ x }) => apply(x!),
      });
  testOp('of negative bases and an integral exponent', {
    ops: [Pow],
    inputs: { a: spreadFloats([7], 30, 0.05) },
    build: ({ a }) => family.pow(a!, 3),
  });
  testOp('three operands', {
    ops: [Max],
    inputs: { a: spreadFloats([2, 3], 31), b: spreadFloats([3], 32, 0.07), c: spreadFloats([], 33, 0.13) },
    build: ({ a, b, c }) => family.max(a!, b!, c!),
  });
  testOp('one operand', {
    ops: [Min],
    inputs: { a: floats([4], 34) },
    build: ({ a }) => family.min(a!),
  });
  testOp('a number on the right', {
    ops: [Max],
    inputs: { a: spreadFloats([6], 35) },
    build: ({ a }) => family.max(a!, 0.03),
  });
  for (const [name, low, high] of [
    ['both bounds', -0.35, 0.35],
    ['a lower bound only', -0.35, null],
    ['an upper bound only', null, 0.35],
    ['no bound', null, null],
  ] as const)
    testOp(name, {
      ops: [Clip],
      inputs: { x: spreadFloats([2, 4], 36) },
      build: ({ x }) => family.clip(x!, low, high),
    });
  testOp('of booleans', {
    ops: [family.Not],
    inputs: { x: tensor([1, 0, 0, 1], 'bool', [2, 2]) },
    build: ({ x }) => family.not(x!),
  });
  testOp('of numbers and what is none', {
    ops: [family.IsNaN],
    inputs: { x: floats([2, 3], 38) },
    wrt: [],
    build: ({ x }) => family.IsNaN.of([family.div(x!, family.sub(x!, x!))]),
  });
  testOp('int64 to float and bool', {
    ops: [Cast],
    inputs: { x: tensor([-2, 0, 3]) },
    build: ({ x }) => [family.cast(x!, 'float32'), family.cast(x!, 'bool'), family.cast(x!, 'int32')],
  });
  testOp('between floating-point types', {
    ops: [Cast],
    inputs: { x: floats([2, 3], 37) },
    build: ({ x }) => family.cast(family.cast(x!, x!.dtype === 'float64' ? 'float32' : 'float64'), x!.dtype),
    wrt: [],
  });
});
