import { expect, test } from 'vitest';
import { type Candidate, type CandidateMaskOptions, candidateMask } from './candidate-mask.js';

const examples = [
  { query: 'q', positive: 'a' },
  { query: 'r', positive: 'b' },
  { query: 'q', positive: 'c' },
];
const positives: Candidate[] = examples.map(({ positive }, example) => ({
  example,
  text: positive,
  positive: true,
}));
const negatives: Candidate[] = ['x', 'c', 'a', 'y'].map((text, i) => ({
  example: [0, 0, 1, 2][i]!,
  text,
  positive: false,
}));
function rows(options: Partial<CandidateMaskOptions>): string[] {
  const all = { counted: 3, othersPositives: false, compat: false, ...options };
  const mask = Array.from(candidateMask(examples, [...positives, ...negatives], all));
  return [0, 1, 2].map((row) => mask.slice(7 * row, 7 * (row + 1)).join(''));
}

test('a query has its positive and all negatives but those that are known positives of it', () => {
  expect(rows({})).toEqual(['1001001', '0101111', '0011001']);
});

test('positives of other queries are negatives when asked for, those of the same query never', () => {
  expect(rows({ othersPositives: true })).toEqual(['1101001', '1111111', '0111001']);
});

test('compat looks at no text', () => {
  expect(rows({ compat: true })).toEqual(['1001111', '0101111', '0011111']);
});

test('texts of repeated examples are candidates of none but themselves', () => {
  expect(rows({ counted: 2, othersPositives: true })).toEqual(['1101000', '1101110', '0111000']);
});
