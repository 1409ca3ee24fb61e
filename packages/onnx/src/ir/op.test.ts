import { expect, test } from 'vitest';
import { GraphError } from './error.js';
import { applyOp, defineOp } from './op.js';
import { input, scope, type Value } from './value.js';

const pair = defineOp<[Value, Value | null], { times: number }>('Pair', {
  operands: 2,
  defaults: { times: 2 },
  infer: ([x, other], { times }) => {
    if (times === 0) throw new GraphError('Pair', 'expected times above 0, got 0 — leave the op out');
    return Array.from({ length: times }, () => ({
      dtype: 'float32' as const,
      shape: other!.shape,
      was: x.shape,
    }));
  },
  gradient: 'none',
});
const x = input('x', 'float32', [2]);

test('a node holds operands, attributes, hint and scope; its outputs know their place', () => {
  const [first, second] = scope('here', () => pair.all([x, x], { times: 2 }, 'a hint'));
  expect(first!.source).toBe(second!.source);
  expect([first!.index, second!.index]).toEqual([0, 1]);
  expect(first!.source).toMatchObject({
    inputs: [x, x],
    attributes: { times: 2 },
    hint: 'a hint',
    scope: 'here',
  });
});

test('trailing operands that are left out are null', () => {
  expect(() => applyOp(pair, [x], { times: 1 })).toThrow(
    /^Pair: expected the operands and attributes of Pair, got others \(.*\) \(operands: input "x" float32\[2\], \(left out\)\)$/,
  );
});

test('an error names op, scope and operands once, and keeps its cause', () => {
  const apply = () => scope('a', () => scope('b', () => pair.of([x, x], { times: 0 })));
  expect(apply).toThrow(
    'a/b/Pair: expected times above 0, got 0 — leave the op out (operands: input "x" float32[2], input "x" float32[2])',
  );
  try {
    apply();
  } catch (error) {
    expect(error).toMatchObject({ name: 'GraphError', where: 'a/b/Pair', cause: { where: 'Pair' } });
  }
});
