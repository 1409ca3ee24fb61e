import { expect, test } from 'vitest';
import { Add, add, mul, sub } from '../ops/elementwise.js';
import { topologicalOrder } from './order.js';
import { replaceValues, rewrite } from './rewrite.js';
import { input, scope, type Value } from './value.js';

const [x, y] = [input('x', 'float32', [2]), input('y', 'float32', [2])];
const opTypes = (value: Value) => topologicalOrder([value]).map(({ op }) => op.opType);

test('unchanged parts are shared with the original', () => {
  const kept = mul(x, y);
  const [result, other] = rewrite([add(kept, x), kept], (node, [a, b]) =>
    node.op === Add ? [sub(a!, b!)] : undefined,
  );
  expect(opTypes(result!)).toEqual(['Mul', 'Sub']);
  expect(other).toBe(kept);
  expect(result!.source).toMatchObject({ inputs: [kept, x] });
});

test('operands arrive rewritten; hints and scopes stay', () => {
  const inner = scope('inner', () => add(x, y));
  const outer = scope('outer', () => mul(inner, x));
  const [result] = rewrite([outer], (node, [a, b]) => (node.op === Add ? [sub(a!, b!)] : undefined));
  expect(topologicalOrder([result!]).map(({ op, scope }) => `${scope}/${op.opType}`)).toEqual([
    'inner/Sub',
    'outer/Mul',
  ]);
});

test('a value exchanged for an input cuts the graph there', () => {
  const inner = mul(x, y);
  const boundary = input('boundary', 'float32', [2]);
  const [result] = replaceValues([add(inner, y)], new Map([[inner, boundary]]));
  expect(opTypes(result!)).toEqual(['Add']);
  expect(result!.source).toMatchObject({ inputs: [boundary, y] });
});
