import { expect, test } from 'vitest';
import { backoff, parseRetryAfter } from './retry-after.js';

test.each([
  ['0', 0],
  [' 120 ', 120_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
  ['99999999999999', undefined],
])('%j is %j', (header, wait) => expect(parseRetryAfter(header, 10_000)).toBe(wait));

test('waits double up to a minute, and are never shorter than asked', () => {
  expect([1, 2, 3, 7, 40].map((failed) => backoff(failed))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
  expect(backoff(1, 90_000)).toBe(90_000);
  expect(backoff(3, 500)).toBe(4_000);
});
