import { expect, it } from 'vitest';
import { TokenizerError } from './errors.js';
import { parseObject } from './parse-object.js';

it('gives the object of a file, keys as they are', () => {
  expect(parseObject('{"a":[{"b":null}],"c":"[[["}', 'f')).toEqual({ a: [{ b: null }], c: '[[[' });
  expect(Object.keys(parseObject('{"__proto__":1}', 'f'))).toEqual(['__proto__']);
});

it.each([
  ['{', SyntaxError, 'f: expected JSON, got '],
  ['[1]', TokenizerError, 'f: expected an object, got an array of 1'],
  ['null', TokenizerError, 'f: expected an object, got null'],
  [`{"a":${'['.repeat(66)}${']'.repeat(66)}}`, TokenizerError, 'f: expected at most 64 levels'],
  [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, TokenizerError, 'f: expected at most 64 levels'],
])('refuses %.20s', (text, kind, message) => {
  expect(() => parseObject(text, 'f')).toThrow(kind);
  expect(() => parseObject(text, 'f')).toThrow(message);
});

it('takes what is just not too deep', () => {
  expect(Object.keys(parseObject(`{"a":${'['.repeat(63)}${']'.repeat(63)}}`, 'f'))).toEqual(['a']);
});
