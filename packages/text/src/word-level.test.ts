import { expect, it } from 'vitest';
import { createWordLevel } from './word-level.js';

const ids = new Map([
  ['<unk>', 0],
  ['a', 1],
]);

it('gives each word its id, others that of the unknown token', () => {
  const out: number[] = [];
  createWordLevel({}, ids).encode(['a', 'b', 'a'], out);
  expect(out).toEqual([1, 0, 1]);
});

it('says which unknown token is missing, when one is needed', () => {
  const model = createWordLevel({ unk_token: '[UNK]' }, ids);
  expect(model.unkId).toBeUndefined();
  model.encode(['a'], []);
  expect(() => model.encode(['b'], [])).toThrow('unk_token: expected a word of the vocabulary, got [UNK]');
  expect(() => createWordLevel({ unk_token: 3 }, ids)).toThrow('unk_token: expected a string');
});
