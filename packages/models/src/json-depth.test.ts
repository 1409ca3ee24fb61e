import { expect, test } from 'vitest';
import { jsonDepth } from './json-depth.js';

test.each([
  ['1', 0],
  ['{}', 1],
  ['[[],[[]],{}]', 3],
  ['{"a":{"b":[1]},"c":2}', 3],
  ['["[[[[","\\"[[[["]', 1],
  ['{"[":"]"}', 1],
  ['"cut', 0],
  ['[[[', 3],
  [']]][', 0],
])('%s', (json, depth) => {
  expect(jsonDepth(json)).toBe(depth);
});

test('a hundred thousand levels', () => {
  expect(jsonDepth('['.repeat(100_000))).toBe(100_000);
});
