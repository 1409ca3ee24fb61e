import { expect, test } from 'vitest';
import { ConfigError } from './config-error.js';
import { askedPrecision, checkPrecisionSettings, otherPrecision, runningPrecision } from './precision.js';

const settings = { mixedPrecision: 'no', fp16: false, bf16: false } as const;

test('the three keys ask for one format', () => {
  expect(askedPrecision(settings)).toBe('fp32');
  expect(askedPrecision({ ...settings, mixedPrecision: 'bf16' })).toBe('bf16');
  expect(askedPrecision({ ...settings, fp16: true })).toBe('fp16');
  expect(askedPrecision({ ...settings, bf16: true })).toBe('bf16');
});

test('a provider without its kernels runs fp32, which is said', () => {
  expect(runningPrecision({ ...settings, bf16: true })).toBe('fp32');
  expect(runningPrecision({ ...settings, bf16: true, provider: 'cuda' })).toBe('bf16');
  expect(runningPrecision({ ...settings, mixedPrecision: 'fp16', provider: 'webgpu' })).toBe('fp16');
  expect(runningPrecision({ ...settings, mixedPrecision: 'bf16', provider: 'webgpu' })).toBe('fp32');
  expect(runningPrecision({ ...settings, provider: 'cuda' })).toBe('fp32');
  expect(otherPrecision('bf16')).toEqual({
    running: 'fp32',
    reason: 'the cpu provider has no bf16 kernels',
  });
  expect(otherPrecision('no')).toBeUndefined();
  expect(otherPrecision('bf16', 'cuda')).toBeUndefined();
});

test('two formats are refused', () => {
  const check = (given: object) => () =>
    checkPrecisionSettings({ ...settings, ...given }, (key) => `--${key}`);
  check({ mixedPrecision: 'fp16', fp16: true })();
  expect(check({ mixedPrecision: 'bf16', fp16: true })).toThrow(
    new ConfigError(
      '--fp16',
      'fp16',
      'expected one number format, got fp16 beside mixed_precision bf16 — keep one',
    ),
  );
  expect(check({ fp16: true, bf16: true })).toThrow(
    '--bf16: expected one number format, got bf16 beside fp16',
  );
});
