import { expect, expectTypeOf, test } from 'vitest';
import { choice, paths, text, wholeNumber } from './kind.js';
import { type ConfigOf, camelCase, type OptionsOf, option, optional } from './option.js';

const table = {
  train_group_size: option(wholeNumber(2), 8, 'passages', { aliases: ['group'] }),
  train_dataset: optional(paths, 'files'),
  token: optional(text, 'hub token', { secret: true }),
  mixed_precision: option(choice(['no', 'bf16'], { fp32: 'no' }), 'no', 'format', {
    instead: () => ({ running: 'fp32', reason: 'no kernels' }),
  }),
};

test('an option holds what it is, what it is by default, and what runs in place of a value', () => {
  expect(table.train_group_size).toMatchObject({ default: 8, aliases: ['group'], about: 'passages' });
  expect(table.train_group_size.instead).toBeUndefined();
  expect(table.train_dataset).toMatchObject({ default: undefined, aliases: [] });
  expect([table.token.secret, table.train_dataset.secret]).toEqual([true, undefined]);
  expect(table.mixed_precision.instead?.('bf16', {})).toEqual({ running: 'fp32', reason: 'no kernels' });
});

test('keys in camelCase, in values and in types', () => {
  expect(['lr', 'train_group_size', 'adam_beta1', 'fp16'].map(camelCase)).toEqual([
    ...['lr', 'trainGroupSize', 'adamBeta1', 'fp16'],
  ]);
  type Config = ConfigOf<typeof table>;
  expectTypeOf<Config['trainGroupSize']>().toEqualTypeOf<number>();
  expectTypeOf<Config['trainDataset']>().toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf<Config['mixedPrecision']>().toEqualTypeOf<'no' | 'bf16'>();
  type Given = OptionsOf<typeof table>;
  expectTypeOf<Given['trainDataset']>().toEqualTypeOf<string | readonly string[] | undefined>();
  expectTypeOf<Given['mixedPrecision']>().toEqualTypeOf<'no' | 'bf16' | 'fp32' | undefined>();
});
