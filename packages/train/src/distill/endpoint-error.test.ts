import { expect, test } from 'vitest';
import { EndpointError, failureOf } from './endpoint-error.js';

test('what a status means', () => {
  expect([408, 409, 425, 429, 500, 599].map(failureOf)).toEqual(Array(6).fill('busy'));
  expect([400, 413, 422].map(failureOf)).toEqual(Array(3).fill('pair'));
  expect([301, 401, 402, 403, 404, 405].map(failureOf)).toEqual(Array(6).fill('fatal'));
  expect(new EndpointError('m', 'busy')).toMatchObject({ isBilled: false, status: undefined });
});
