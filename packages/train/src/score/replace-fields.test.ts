import { expect, test } from 'vitest';
import { replaceFields } from './replace-fields.js';

test('other members keep their text, numbers beyond float64 included', () => {
  const text = ' {"id" : 9007199254740993123 ,"neg":["a, \\"b}"],"x":{"neg":[1,{"y":"}"}]},"f":1.10e5 } ';
  expect(replaceFields(text, { neg: ['c'], pos_scores: [0.5] })).toBe(
    '{"id" : 9007199254740993123, "neg": ["c"], "x":{"neg":[1,{"y":"}"}]}, "f":1.10e5, "pos_scores": [0.5]}',
  );
});

test.each([
  ['{}', { a: 1 }, '{"a": 1}'],
  ['{"a":1}', { a: undefined }, '{}'],
  ['{"a":1}', { b: undefined }, '{"a":1}'],
  ['{"a":1,"a":2,"b":3}', { a: 4 }, '{"a": 4, "b":3}'],
  ['{"\\u0061":1}', { a: 2 }, '{"a": 2}'],
  ['{"__proto__":1,"\\\\":"\\\\"}', { a: 2 }, '{"__proto__":1, "\\\\":"\\\\", "a": 2}'],
  ['{"a":[],"b":"\\"{[,"}', { c: null }, '{"a":[], "b":"\\"{[,", "c": null}'],
])('%s with %j', (text, changes, expected) => {
  expect(replaceFields(text, changes)).toBe(expected);
  expect(() => JSON.parse(expected)).not.toThrow();
});

test('what is read back of random objects is the object with the changes', () => {
  const values = [1, 'a"\\\n}', null, [1, [2, '],']], { k: { k: '{' } }, true];
  for (let i = 0; i < 200; i++) {
    const row: Record<string, unknown> = {};
    for (let j = 0; j < i % 6; j++) row[`k${(i * 7 + j * 3) % 9}`] = values[(i + j) % values.length];
    const changes = { [`k${i % 9}`]: values[(i * 5) % 6], [`k${(i + 4) % 9}`]: undefined };
    const expected: Record<string, unknown> = { ...row, ...changes };
    for (const key of Object.keys(expected)) if (expected[key] === undefined) delete expected[key];
    for (const text of [JSON.stringify(row), JSON.stringify(row, null, 1)])
      expect(JSON.parse(replaceFields(text, changes))).toEqual(expected);
  }
});
