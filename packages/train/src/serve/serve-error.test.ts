import { OptionError } from '@rag/models';
import { TokenizerError } from '@rag/text';
import { expect, test } from 'vitest';
import { BatchError, QueueFullError } from './batch-errors.js';
import { invalid, serveErrorOf } from './serve-error.js';

test('errors by their kind', () => {
  const told = invalid('inputs', 'expected texts');
  expect(serveErrorOf(told)).toBe(told);
  const of = (error: unknown) => {
    const { status, type, message, headers } = serveErrorOf(error);
    return [status, type, message, headers];
  };
  expect(of(new QueueFullError(7)).slice(0, 2)).toEqual([429, 'overloaded']);
  expect(serveErrorOf(new QueueFullError(7)).headers).toEqual({ 'retry-after': '7' });
  expect(of(new OptionError('dim', 'expected 1', 'leave it out')).slice(0, 3)).toEqual([
    422,
    'validation',
    'dimensions: expected 1 — leave it out',
  ]);
  expect(of(new BatchError({ cause: new Error('no memory') })).slice(0, 2)).toEqual([424, 'backend']);
  expect(serveErrorOf(new TokenizerError('text', 'a token', 'none', 'change it')).status).toBe(422);
  // Whatever it says stays here.
  expect(of(new TypeError('a secret'))[2]).not.toContain('secret');
  expect(of('a secret').slice(0, 2)).toEqual([500, 'internal']);
});
