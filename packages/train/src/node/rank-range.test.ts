import { expect, test } from 'vitest';
import { rankRange } from './rank-range.js';

test('two ranks, the first from 0 and below the second', () => {
  const parse = rankRange('--range');
  expect(parse('10-210')).toEqual({ from: 10, to: 210 });
  expect(parse('0-1')).toEqual({ from: 0, to: 1 });
  for (const text of ['', '10', '10-10', '210-10', '-1-5', '1.5-5', '1-5-9', 'a-b', '1e3-5000'])
    expect(() => parse(text)).toThrow('--range: expected two ranks such as 10-210');
});
