import { describe, expect, test } from 'vitest';
import { adapterOptions } from './adapter-options.js';
import { checkAdapter, loraConfigOf } from './check-adapter.js';
import { resolveSettings, settingsOf } from './resolve.js';

const resolved = (options: Record<string, unknown>) => resolveSettings(adapterOptions, [settingsOf(options)]);
const check = (options: Record<string, unknown>) => {
  const { config, sources } = resolved(options);
  checkAdapter(config, sources);
  return config;
};

test.each([
  [{ loraRank: 8 }, 'train(): expected use_lora true with it, got false — set use_lora, or leave it out'],
  [{ targetModules: 'query' }, 'train(): expected use_lora true with it, got false'],
  [
    { useLora: true, freeze: 'bert' },
    'train(): expected no patterns beside use_lora, which freezes the model',
  ],
  [{ useLora: true, loraDropout: 1 }, 'train(): expected a number below 1, got 1'],
  [
    { frozenDtype: 'int4' },
    'train(): expected weights that are not trained, got int4 with all of them trained',
  ],
  [{ freeze: '/(/' }, 'train(): expected a name with *, ?, [0-5] or {0,11} in it'],
  [
    { useLora: true, targetModules: '(a+)+' },
    'train(): expected a regular expression of at most 512 characters',
  ],
])('%j is refused', (options, message) => {
  expect(() => check(options)).toThrow(message);
});

test.each([
  [{}],
  [{ freeze: ['embeddings', 'layer.[0-5]'], frozenDtype: 'float16' }],
  [{ trainable: 'classifier', frozenDtype: '4bit' }],
  [{ useLora: true, loraR: 8, frozenDtype: 'int8', layerSplit: true }],
])('%j is taken', (options) => {
  expect(check(options)).toBeDefined();
});

describe('the adapters that are asked for', () => {
  const lora = (options: Record<string, unknown>, head: readonly string[] = []) =>
    loraConfigOf(check(options), head);

  test('none, unless use_lora says so', () => {
    expect(lora({ freeze: 'bert' })).toBeUndefined();
  });

  test('defaults are FlagEmbedding’s, over all linear layers, with the head whole', () => {
    expect(lora({ useLora: true }, ['classifier'])).toEqual({
      r: 64,
      lora_alpha: 16,
      lora_dropout: 0.1,
      use_rslora: false,
      target_modules: 'all-linear',
      exclude_modules: null,
      modules_to_save: ['classifier'],
    });
  });

  test.each<[string | string[], unknown]>([
    ['query', ['query']],
    [
      ['q_proj', 'v_proj'],
      ['q_proj', 'v_proj'],
    ],
    ['.*layer\\.1\\..*', '.*layer\\.1\\..*'],
    ['all-linear', 'all-linear'],
  ])('target_modules %j', (targetModules, expected) => {
    expect(lora({ useLora: true, targetModules, modulesToSave: 'pooler' })).toMatchObject({
      target_modules: expected,
      modules_to_save: ['pooler'],
    });
  });
});
