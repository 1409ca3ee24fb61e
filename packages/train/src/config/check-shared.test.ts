import { expect, test } from 'vitest';
import { checkShared } from './check-shared.js';
import { resolveSettings, settingsOf } from './resolve.js';
import { sharedOptions } from './shared-options.js';

const check = (options: Record<string, unknown>) =>
  checkShared(
    resolveSettings(sharedOptions, [settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', ...options })]),
  );

test('names what every run must have', () => {
  expect(check({})).toEqual({ modelNameOrPath: 'm', trainDataset: ['d'] });
});

test.each([
  [
    { modelNameOrPath: null },
    'model_name_or_path: expected a model directory or a name of the hub, got none — name one',
  ],
  [{ trainDataset: null }, 'train_dataset: expected JSONL files, got none — name one'],
  [
    { warmupRatio: 0.6, stableProportion: 0.5 },
    'train(): expected warmup_proportion + stable_proportion up to 1, got 0.6 + 0.5 — lower one',
  ],
  [
    { mixedPrecision: 'bf16', fp16: true },
    'train(): expected one number format, got fp16 beside mixed_precision bf16',
  ],
  [
    { saveOnEpochEnd: false, loadBestModelAtEnd: true },
    'train(): expected evaluations to choose by, got save_on_epoch_end: false and no eval_steps',
  ],
  [{ deviceId: 1 }, 'train(): expected provider cuda with it, got cpu — set provider, or leave it out'],
  [{ adamBeta1: 1 }, 'train(): expected a number below 1, got 1 — the moments would never move'],
])('%j is refused', (options, message) => {
  expect(() => check(options)).toThrow(message);
});

test('a warm-up counted in updates leaves the shares alone', () => {
  expect(check({ warmupProportion: 0.6, stableProportion: 0.5, warmupSteps: 3 })).toBeDefined();
});

test('a device is one of cuda', () => {
  expect(check({ provider: 'cuda', deviceId: 1 })).toBeDefined();
});
