import { expect, test } from 'vitest';
import { checkHubId, isHubId } from './hub-id.js';

test.each(['BAAI/bge-reranker-base', 'bert-base-uncased', 'a/b', 'org/name.v1_2', '_x/_y'])(
  '%s is a name',
  (id) => {
    expect(isHubId(id)).toBe(true);
    checkHubId(id);
  },
);

test.each([
  '',
  '.',
  '..',
  './x',
  '../x',
  '/x',
  'x/',
  'a/b/c',
  'a\\b',
  'C:x',
  'a--b',
  'a..b',
  'a/b.git',
  '-a',
  'a b',
  `${'a'.repeat(97)}`,
])('%j is none', (id) => {
  expect(isHubId(id)).toBe(false);
  expect(() => checkHubId(id)).toThrow(/^id: expected the name of a model of the hub/);
});
