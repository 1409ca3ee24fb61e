import { expect, it } from 'vitest';
import { Environment } from './jinja.js';
import { equal, pythonText, strip } from './python-text.js';

const value = (of: unknown) => new Environment().set('value', of);

it.each([
  ["it's", "it's"],
  [true, 'True'],
  [null, 'None'],
  [undefined, ''],
  [1.5, '1.5'],
  [["it's", 'a"', 'both\'"', 'a\n\\\u0007'], `["it's", 'a"', 'both\\'"', 'a\\n\\\\\\x07']`],
  [{ a: [1, null, { b: false }] }, "{'a': [1, None, {'b': False}]}"],
])('prints %j as Python does', (of, text) => {
  expect(pythonText(value(of))).toBe(text);
});

it('refuses to print a function', () => {
  expect(() => pythonText(value(() => 1))).toThrow('to print, got a FunctionValue');
});

it.each([
  [1, '1', false],
  [1, true, true],
  [1, 1.0, true],
  [null, undefined, false],
  [[1, { a: 'b' }], [1, { a: 'b' }], true],
  [[1], [1, 2], false],
  [{ a: 1 }, { b: 1 }, false],
])('%j == %j: %s', (a, b, expected) => {
  expect(equal(value(a), value(b))).toBe(expected);
});

it.each([
  ['\x1c a\u0085', 'strip', undefined, 'a'],
  ['\ufeffa ', 'strip', undefined, '\ufeffa'],
  ['\n a \n', 'strip', '\n', ' a '],
  ['xxayx', 'lstrip', 'yx', 'ayx'],
  ['😀a😀', 'rstrip', '😀', '😀a'],
])('%j.%s(%j)', (text, side, chars, expected) => {
  expect(strip(text, side, chars)).toBe(expected);
});
