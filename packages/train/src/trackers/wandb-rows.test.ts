import { expect, test } from 'vitest';
import { gatherRows, wandbJson } from './wandb-rows.js';

test("JSON with Python's words for what is no number", () => {
  const value = { a: [Number.NaN, Number.NEGATIVE_INFINITY, undefined], 'b"': null, c: undefined, d: true };
  expect(wandbJson(value)).toBe('{"a":[NaN,-Infinity,null],"b\\"":null,"d":true}');
});

test('values of one step are one row, however they come', () => {
  const scalars = (step: number, values: Record<string, number>) =>
    ({ kind: 'scalars', step, time: step, values }) as const;
  const first = gatherRows(undefined, [scalars(1, { a: 1 }), scalars(2, { a: 2 })]);
  expect(first.complete).toEqual([{ step: 1, time: 1, values: { a: 1 } }]);
  const second = gatherRows(first.pending, [scalars(2, { b: 3 }), scalars(3, { a: 4 })]);
  expect(second.complete).toEqual([{ step: 2, time: 2, values: { a: 2, b: 3 } }]);
});
