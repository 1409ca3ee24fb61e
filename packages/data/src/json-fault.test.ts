import { expect, test } from 'vitest';
import { jsonFault } from './json-fault.js';

const valid = [
  '{}',
  '[]',
  ' {"a" : [1, -2.5e+3, true, false, null, {"b": []}], "c\\u00e9\\n": "x"} ',
  '0',
  '"\u007f"',
  '[[[]]]',
];

test.each(valid)('%s is JSON', (text) => {
  expect(() => JSON.parse(text)).not.toThrow();
  expect(jsonFault(text)).toBeUndefined();
});

const faulty: [string, number, string][] = [
  ['', 0, 'the end of the line'],
  ['{"a": NaN}', 6, '"NaN"'],
  ['{"a": -Infinity}', 6, '"-Infinity"'],
  ['{"a": 1,}', 8, '"}"'],
  ["{'a': 1}", 1, '"\'"'],
  ['{"a" 1}', 5, '"1"'],
  ['{"a": 1 "b": 2}', 8, '"\\""'],
  ['{"a": True}', 6, '"True"'],
  ['[1, 2', 5, 'the end of the line'],
  ['[1,]', 3, '"]"'],
  ['[1}', 2, '"}"'],
  ['{"a": 01}', 6, '"01"'],
  ['{"a": 1.}', 6, '"1."'],
  ['{"a": "x\ty"}', 8, '"\\t"'],
  ['{"a": "\\x"}', 7, '"\\\\x"'],
  ['{"a": "unclosed', 15, 'the end of the line'],
  ['{} {}', 3, '"{"'],
  ['{"a": 𠮷}', 6, '"𠮷"'],
];

test.each(faulty)('%j breaks at offset %d', (text, offset, got) => {
  expect(() => JSON.parse(text)).toThrow(SyntaxError);
  expect(jsonFault(text)).toMatchObject({ offset, got });
});

test('agrees with JSON.parse on every prefix and every one-character change of a document', () => {
  const text = '{"q": "a\\n", "n": [1.5e2, {"x": null}], "t": true}';
  const variants = Array.from(text, (_, i) => text.slice(0, i));
  for (let i = 0; i < text.length; i++) {
    for (const char of '"\\{}[],:0-.e t\n') variants.push(text.slice(0, i) + char + text.slice(i + 1));
  }
  const isJson = (candidate: string) => {
    try {
      JSON.parse(candidate);
      return true;
    } catch {
      return false;
    }
  };
  for (const variant of variants)
    expect([variant, jsonFault(variant) === undefined]).toEqual([variant, isJson(variant)]);
});

test('deep nesting is no stack overflow', () => {
  expect(jsonFault('['.repeat(1_000_000))?.offset).toBe(1_000_000);
});
