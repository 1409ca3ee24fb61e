import { expect, test } from 'vitest';
import { wholeNumber } from '../config/kind.js';
import { flagParser } from './flag-parser.js';

test('a flag’s text as its kind says', () => {
  const parse = flagParser('--n', wholeNumber(2));
  expect(parse('3')).toBe(3);
  for (const text of ['1', 'NaN', 'Infinity', '2.5', '', '0x10'])
    expect(() => parse(text)).toThrow(`--n: expected a whole number from 2, got ${JSON.stringify(text)}`);
});
