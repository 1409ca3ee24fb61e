import { expect, test } from 'vitest';
import { choice, flag, positiveNumber, text, wholeNumber } from './kind.js';
import { option, optional } from './option.js';
import { readYaml } from './read-yaml.js';
import { canonicalKey, formatNotActive, resolveSettings, type Setting, spellings } from './resolve.js';

const table = {
  lr: option(positiveNumber, 5e-5, 'peak learning rate', { aliases: ['learning_rate'] }),
  batch_size: option(wholeNumber(1), 8, 'pairs per batch'),
  val_dataset: optional(text, 'rows to rank'),
  mixed_precision: option(choice(['no', 'bf16']), 'no', 'number format', {
    instead: (value) => (value === 'bf16' ? { running: 'fp32', reason: 'no kernels' } : undefined),
  }),
  token: optional(text, 'hub token', {
    secret: true,
    instead: (value) =>
      value === undefined ? undefined : { running: 'local directories', reason: 'no hub' },
  }),
  fp16: option(flag, false, 'half precision'),
};
const file = (key: string, value: unknown): Setting => ({
  key,
  value,
  where: 'f.yaml:1',
  shown: `"${key}" `,
});
const given = (key: string, value: unknown): Setting => ({ key, value, where: `--${key}` });

test('defaults, then the file, then flags; null leaves the default', () => {
  expect(resolveSettings(table, []).config).toEqual({
    lr: 5e-5,
    batchSize: 8,
    valDataset: undefined,
    mixedPrecision: 'no',
    token: undefined,
    fp16: false,
  });
  const { config, sources } = resolveSettings(table, [
    [file('learning_rate', 1e-3), file('batch_size', 4), file('val_dataset', null)],
    [given('lr', 1e-4)],
  ]);
  expect(config).toMatchObject({ lr: 1e-4, batchSize: 4, valDataset: undefined });
  expect([...sources]).toEqual([
    ['lr', '--lr'],
    ['batch_size', 'f.yaml:1'],
  ]);
});

test('what is not obeyed to the letter is listed with its reason, secrets unseen', () => {
  const { config, notActive } = resolveSettings(table, [
    [file('mixed_precision', 'bf16'), file('fp16', 0), file('token', 'hf_secret')],
  ]);
  expect(config.mixedPrecision).toBe('bf16');
  expect(notActive.map(formatNotActive)).toEqual([
    'mixed_precision bf16: no kernels: running fp32',
    'token: no hub: running local directories',
  ]);
  expect(JSON.stringify(notActive)).not.toContain('hf_secret');
});

test('an unknown key is an error with its place and the nearest known one', () => {
  const unknown = (key: string) => () => resolveSettings(table, [[file(key, 1)]]);
  expect(unknown('bacth_size')).toThrow(
    'f.yaml:1: expected a known key, got "bacth_size" — did you mean "batch_size"?',
  );
  expect(unknown('learning_rat')).toThrow('did you mean "learning_rate"?');
  expect(unknown('batchSise')).toThrow('did you mean "batchSize"?');
  expect(unknown('temperature')).toThrow('got "temperature" — see --help');
  expect(unknown('__proto__')).toThrow('expected a known key');
  expect(unknown('constructor')).toThrow('expected a known key');
});

test('a wrong value is an error with place, kind and meaning, also where a flag beats it', () => {
  const layers = [[file('lr', '5e-5')], [given('lr', 1e-4)]];
  expect(() => resolveSettings(table, layers)).toThrow(
    'f.yaml:1: "lr" expected a number above 0, got "5e-5" — peak learning rate',
  );
  expect(() => resolveSettings(table, [[given('batch_size', 0)]])).toThrow(
    '--batch_size: expected a whole number from 1, got 0 — pairs per batch',
  );
  expect(() => resolveSettings(table, [[file('val_dataset', ['x'.repeat(200)])]])).toThrow(/got \["x{78}…/);
});

test('one setting under two names in one place is an error', () => {
  expect(() => resolveSettings(table, [[given('lr', 1), given('learning_rate', 2)]])).toThrow(
    '--learning_rate: expected lr once, got it as lr (--lr) and as learning_rate — keep one',
  );
});

test('keys, aliases and camelCase lead to one key', () => {
  expect(
    ['lr', 'learning_rate', 'learningRate', 'batchSize', 'LR'].map((key) => canonicalKey(table, key)),
  ).toEqual(['lr', 'lr', 'lr', 'batch_size', undefined]);
  expect(spellings(table).slice(0, 3)).toEqual(['lr', 'learning_rate', 'batch_size']);
});

test('NaN and Infinity, which YAML has, are refused under their names', () => {
  for (const [text, name] of [
    ['.nan', 'NaN'],
    ['-.inf', '-Infinity'],
  ])
    expect(() => resolveSettings(table, [readYaml(`lr: ${text}\n`, 'f.yaml')])).toThrow(
      `f.yaml:1: "lr" expected a number above 0, got ${name} — peak learning rate`,
    );
});
