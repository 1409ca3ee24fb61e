import { ConfigError } from '@rag/models';
import { describe, expect, it } from 'vitest';
import { DENSE_ACTIVATIONS, type DenseSpec, POOLING_MODES, type PoolingMode } from './embedding-head.js';
import { checkFeatures, denseToJson, parseDense, parsePooling, poolingToJson } from './module-config.js';

const pooling = (json: Record<string, unknown>) =>
  parsePooling({ embedding_dimension: 16, ...json }, 16, '1_Pooling/config.json');

describe('pooling', () => {
  it.each([
    [{ pooling_mode: 'cls' }, ['cls']],
    [{ pooling_mode: ['mean', 'max'] }, ['mean', 'max']],
    [{ pooling_mode_max_tokens: true, pooling_mode_cls_token: true }, ['cls', 'max']],
    [{ pooling_mode_mean_tokens: false, pooling_mode_lasttoken: true }, ['lasttoken']],
    [
      { pooling_mode_weightedmean_tokens: true, pooling_mode_mean_sqrt_len_tokens: true },
      ['mean_sqrt_len_tokens', 'weightedmean'],
    ],
    [{ pooling_mode_cls_token: false }, ['mean']],
    [{}, ['mean']],
    [{ pooling_mode: 'max', pooling_mode_cls_token: true }, ['max']],
  ])('%j is %j', (json, modes) => {
    expect(pooling(json)).toEqual({ pooling: modes, includePrompt: true });
  });

  it('include_prompt, and the older name of the width', () => {
    const json = { word_embedding_dimension: 16, include_prompt: false };
    expect(parsePooling(json, 16, 'x').includePrompt).toBe(false);
  });

  it.each([
    [{ embedding_dimension: 8 }, '"embedding_dimension" expected "hidden_size" of config.json (16), got 8'],
    [{ embedding_dimension: undefined }, 'got nothing'],
    [{ pooling_mode: 'median' }, '"pooling_mode" expected one or several of cls'],
    [{ pooling_mode: [] }, '"pooling_mode"'],
    [{ pooling_mode: ['cls', 3] }, '"pooling_mode"'],
    [{ pooling_mode: null }, '"pooling_mode"'],
    [
      { pooling_mode_median_tokens: true },
      '"pooling_mode_median_tokens" expected one of pooling_mode_cls_token',
    ],
    [{ pooling_mode_cls_token: 1 }, '"pooling_mode_cls_token" expected true or false, got 1'],
    [{ include_prompt: 'no' }, '"include_prompt" expected true or false'],
  ])('%j is an error', (json, message) => {
    expect(() => pooling(json)).toThrow(ConfigError);
    expect(() => pooling(json)).toThrow(message);
  });

  it.each([
    ...POOLING_MODES.map((mode) => [[mode]]),
    [['cls', 'max', 'mean']],
    [['mean', 'max']],
    [['mean', 'mean']],
  ] as PoolingMode[][][])('%j survives writing', (modes) => {
    const head = { pooling: modes, includePrompt: false, dense: [], normalize: false };
    const json = poolingToJson(head, 16);
    expect(parsePooling(json, 16, 'x')).toEqual({ pooling: modes, includePrompt: false });
  });

  it('is written as every version reads it, where flags can say it', () => {
    expect(poolingToJson({ pooling: ['max', 'mean'], dense: [], normalize: false }, 16)).not.toHaveProperty(
      'pooling_mode',
    );
  });
});

describe('dense', () => {
  const dense = (json: Record<string, unknown>) =>
    parseDense({ in_features: 4, out_features: 2, ...json }, '2_Dense', '2_Dense/config.json');

  it.each(DENSE_ACTIVATIONS)('%s survives writing', (activation) => {
    const spec: DenseSpec = { name: '2_Dense', in: 4, out: 2, bias: false, activation };
    expect(parseDense(denseToJson(spec), '2_Dense', 'x')).toEqual(spec);
  });

  it('has a bias and Tanh where it says nothing; older paths of activations are known', () => {
    expect(dense({})).toEqual({ name: '2_Dense', in: 4, out: 2, bias: true, activation: 'tanh' });
    expect(dense({ activation_function: 'torch.nn.Identity' }).activation).toBe('identity');
  });

  it.each([
    [{ activation_function: 'torch.nn.modules.activation.PReLU' }, '"activation_function" expected one of'],
    [{ activation_function: 'evil.module.Tanh' }, 'got "evil.module.Tanh"'],
    [{ activation_function: 7 }, '"activation_function"'],
    [{ in_features: 0 }, '"in_features" expected a whole number from 1'],
    [{ out_features: 2 ** 40 }, '"out_features"'],
    [{ bias: null }, '"bias" expected true or false'],
    [{ use_residual: true }, '"use_residual" expected false'],
    [{ module_input_name: 'token_embeddings' }, '"module_input_name" expected "sentence_embedding"'],
    [{ module_output_name: 'other' }, '"module_output_name"'],
  ])('%j is an error', (json, message) => {
    expect(() => dense(json)).toThrow(ConfigError);
    expect(() => dense(json)).toThrow(message);
  });
});

it('features may be left to the default', () => {
  expect(() => checkFeatures({ module_output_name: null }, 'x')).not.toThrow();
  expect(() => checkFeatures({ module_input_name: 'token_embeddings' }, '2_Normalize/config.json')).toThrow(
    '2_Normalize/config.json: "module_input_name"',
  );
});
