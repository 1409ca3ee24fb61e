import { expect, test } from 'vitest';
import { findDuplicateKey } from './duplicate-key.js';

test.each([
  ['{"a":1,"b":2}', undefined],
  ['{"a":1,"a":2}', 'a'],
  ['{"a" \n :1,"\\u0061"\t: 2}', 'a'],
  ['{"x":{"a":1},"y":{"a":1}}', undefined],
  ['{"x":{"a":1,"b":[{"a":1}],"a":2}}', 'a'],
  ['{"a":"a","b":"\\"a\\":","c":["a","a","{"]}', undefined],
  ['{"a\\"":1,"a\\"":2}', 'a"'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['[]', undefined],
])('%s', (json, key) => {
  expect(findDuplicateKey(json)).toBe(key);
});
