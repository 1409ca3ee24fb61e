import { expect, it } from 'vitest';
import { LineError } from './line-error.js';

it('says where, and keeps the cause', () => {
  const cause = new Error('inner');
  const error = new LineError('run.txt', 7, 'expected 6 fields, got 5', { cause });
  expect(error).toMatchObject({ name: 'LineError', file: 'run.txt', line: 7, cause });
  expect(error.message).toBe('run.txt:7: expected 6 fields, got 5');
});
