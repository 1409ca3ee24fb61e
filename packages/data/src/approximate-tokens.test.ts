import { expect, test } from 'vitest';
import { approximateTokens } from './approximate-tokens.js';

test.each([
  ['', 0],
  ['abcd', 1],
  ['abcde', 2],
  ['天空是蓝色', 5],
  ['天空 sky', 3],
])('%j counts %d', (text, tokens) => {
  expect(approximateTokens(text)).toBe(tokens);
});
