import { expect, test } from 'vitest';
import { apiKeyCheck } from './api-key.js';

test('the key as Bearer and nothing else; without one everybody', () => {
  const isAllowed = apiKeyCheck('k');
  expect(['Bearer k', 'Bearer kk', 'Bearer ', 'k', '', undefined].map(isAllowed)).toEqual([
    ...[true, false, false, false, false, false],
  ]);
  expect([undefined, 'x'].map(apiKeyCheck(undefined))).toEqual([true, true]);
});
