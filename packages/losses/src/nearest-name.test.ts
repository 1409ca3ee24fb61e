import { expect, test } from 'vitest';
import { editDistance, nearestName } from './nearest-name.js';

test.each([
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
  ['same', 'same', 0],
  ['flaw', 'lawn', 2],
])('%s becomes %s by %i edits', (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
  expect(editDistance(b, a)).toBe(edits);
});

test('case and separators do not matter, and nothing far away is suggested', () => {
  expect(nearestName('Rank-Net', ['point_ce', 'rank_net'])).toBe('rank_net');
  expect(nearestName('poitn_mse', ['point_ce', 'point_mse'])).toBe('point_mse');
  expect(nearestName('ranknet', ['ranked', 'pairwise_ranknet'])).toBe('pairwise_ranknet');
  expect(nearestName('zzzzzzzz', ['point_ce', 'rank_net'])).toBeUndefined();
  expect(nearestName('x'.repeat(65), ['x'])).toBeUndefined();
  expect(nearestName('', ['x'])).toBeUndefined();
});
