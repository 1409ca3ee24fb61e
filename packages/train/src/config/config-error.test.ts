import { expect, test } from 'vitest';
import { ConfigError } from './config-error.js';

test('carries place, key and cause', () => {
  const cause = new Error('inner');
  const error = new ConfigError('f.yaml:3', 'lr', 'expected a number, got "x"', { cause });
  expect(error).toMatchObject({ name: 'ConfigError', where: 'f.yaml:3', key: 'lr', cause });
  expect(error.message).toBe('f.yaml:3: expected a number, got "x"');
});
