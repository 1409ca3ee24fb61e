import { expect, it } from 'vitest';
import { TokenizerError } from './errors.js';

it('keeps its parts and its cause', () => {
  const cause = new Error('inner');
  const error = new TokenizerError('vocab.txt', 'tokens', 'nothing', 'add some', { cause });
  expect(error.message).toBe('vocab.txt: expected tokens, got nothing — add some');
  expect(error).toMatchObject({
    where: 'vocab.txt',
    expected: 'tokens',
    got: 'nothing',
    advice: 'add some',
    cause,
  });
});
