import { expect, test } from 'vitest';
import { defineOp } from '../ir/op.js';
import { withShape } from '../ir/shape.js';
import type { Value } from '../ir/value.js';
import { Erf, Exp, erf, exp, Floor, floor, Mul, mul, neg, Relu, relu } from '../ops/elementwise.js';
import { floats, tensor } from './host-tensor.js';
import { testOp } from './test-op.js';

const inputs = { a: floats([2, 3], 1), b: floats([3], 2) };
const wrong = (rule: Partial<typeof Mul>) =>
  defineOp<[Value, Value]>('Mul', {
    infer: Mul.infer as never,
    gradient: Mul.gradient as never,
    ...rule,
  } as never);
const product = (op: typeof Mul) => ({
  ops: [op],
  inputs,
  build: ({ a, b }: Record<string, Value>) => op.of([a!, b!]),
});

test('a right rule passes, with what it ran in', async () => {
  expect(await testOp(product(Mul))).toEqual({ precision: 'float64', differentiated: ['a', 'b'] });
  const x = { x: floats([4], 3) };
  expect(await testOp({ ops: [Erf], inputs: x, build: ({ x }) => erf(x!) })).toMatchObject({
    precision: 'float32',
  });
  expect(await testOp({ ops: [Floor], inputs: x, build: ({ x }) => floor(x!) })).toMatchObject({
    differentiated: [],
  });
});

test.each<readonly [string, Partial<typeof Mul>, string]>([
  [
    'a gradient that is too large by 1e-6',
    { gradient: ({ inputs: [a, b], dy }) => [mul(mul(dy, b!), 1 + 1e-6), mul(dy, a!)] },
    'gradient by "a"',
  ],
  [
    'a gradient of the wrong sign',
    { gradient: ({ inputs: [a, b], dy }) => [mul(dy, b!), neg(mul(dy, a!))] },
    'gradient by "b"',
  ],
  [
    'a gradient that is left out',
    { gradient: ({ inputs: [a], dy }) => [null, mul(dy, a!)] },
    'depends on input "a"',
  ],
  [
    'a dtype that is not what comes out',
    { infer: ([a]) => [{ dtype: 'float32', shape: a!.shape }], gradient: 'none' },
    'tensor(float)',
  ],
])('%s fails', async (_, rule, message) => {
  await expect(testOp(product(wrong(rule) as typeof Mul))).rejects.toThrow(message);
});

test('a shape that is not what comes out fails', async () => {
  const narrow = defineOp<[Value]>('Exp', { infer: ([x]) => [withShape(x, ['m'])], gradient: 'none' });
  await expect(
    testOp({
      ops: [narrow],
      inputs: { x: floats([4], 3), other: floats([3], 4) },
      symbolic: { x: ['n'], other: ['m'] },
      build: ({ x }) => narrow.of([x!]),
    }),
  ).rejects.toThrow();
});

test('a float32 gradient that is wrong by 1e-3 fails too', async () => {
  const wrongErf = defineOp<[Value]>('Erf', {
    infer: ([x]) => [x],
    gradient: ({ inputs: [x], dy }) => [mul(dy, mul(exp(neg(mul(x, x))), (1.001 * 2) / Math.sqrt(Math.PI)))],
  });
  const of = {
    ops: [wrongErf],
    inputs: { x: floats([4], 3) },
    build: ({ x }: Record<string, Value>) => wrongErf.of([x!]),
  };
  await expect(testOp(of)).rejects.toThrow('expected a float32 gradient by "x"');
});

test('a gradient that differs where sizes are symbols fails', async () => {
  const shapely = defineOp<[Value]>('Exp', {
    infer: ([x]) => [x],
    gradient: ({ y, dy }) => [mul(mul(dy, y), typeof y.shape[0] === 'string' ? 2 : 1)],
  });
  const of = {
    ops: [shapely],
    inputs: { x: floats([4], 3) },
    build: ({ x }: Record<string, Value>) => shapely.of([x!]),
  };
  await expect(testOp(of)).rejects.toThrow('gradient by "x"');
  await expect(testOp({ ...of, symbolic: false })).resolves.toMatchObject({ precision: 'float64' });
});

test('a case that does not apply its op fails, and a kink under a step does', async () => {
  await expect(
    testOp({ ops: [Exp], inputs: { x: floats([2], 1) }, build: ({ x }) => relu(x!) }),
  ).rejects.toThrow('Exp: expected a case that applies this op, got a graph without it');
  const kink = { x: tensor([1e-5, -1e-5], 'float64') };
  await expect(testOp({ ops: [Relu], inputs: kink, build: ({ x }) => relu(x!) })).rejects.toThrow(
    'central difference',
  );
});
