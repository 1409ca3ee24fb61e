import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { encoderConfigToJson, parseEncoderConfig } from '../config.js';
import { ConfigError } from '../config-file.js';
import type { DecoderTraits } from './decoder-traits.js';
import { architectures } from './index.js';

const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}/config.json`, import.meta.url), 'utf8'));
const parse = (name: string, fields: Record<string, unknown> = {}) =>
  parseEncoderConfig({ ...read(name), ...fields });
const layerTypes = (name: string, fields: Record<string, unknown> = {}) => {
  const config = parse(name, fields);
  return architectures[config.model_type].stages!.layerTypes(config) as DecoderTraits['layerTypes'];
};
const [full, sliding] = ['full_attention', 'sliding_attention'] as const;

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    'qwen2',
    { rope_scaling: { type: 'dynamic', factor: 2 } },
    /"rope_scaling" expected "rope_type" one of default, linear, llama3, yarn .* or null, got \{"type":"dynamic"/,
  ],
  [
    'llama',
    { rope_parameters: { rope_type: 'longrope' } },
    /"rope_parameters" expected "rope_type" one of default, linear, llama3, yarn/,
  ],
  ['qwen2', { num_key_value_heads: 3 }, /"num_key_value_heads" expected a divisor of "num_attention_heads"/],
  ['qwen3', { head_dim: 5 }, /"head_dim" expected heads of an even width/],
  ['qwen2', { num_attention_heads: 16 }, /"num_attention_heads" expected heads of an even width/],
  ['qwen2', { layer_types: [full] }, /"layer_types" expected 2 entries, one per layer/],
  ['qwen2', { layer_types: [full, 'linear_attention'] }, /"layer_types" expected a list, each one of full/],
  [
    'qwen2',
    { layer_types: [full, sliding], use_sliding_window: false },
    /"sliding_window" expected a number/,
  ],
  ['qwen2', { auto_map: { AutoModel: 'modeling.QwenModel' } }, /"auto_map" expected no modeling code/],
  [
    'qwen2',
    { auto_map: { AutoModel: 'modeling_qwen.Qwen2Model' } },
    /"is_causal" expected true or false, for published code that may compute either/,
  ],
  ['llama', { pretraining_tp: 2 }, /"pretraining_tp" expected 1/],
  ['llama', { partial_rotary_factor: 0.5 }, /"partial_rotary_factor" expected 1/],
  ['mistral', { layer_types: [full, sliding] }, /"layer_types" expected null/],
  ['gemma2', { query_pre_attn_scalar: 0 }, /"query_pre_attn_scalar" expected a positive number/],
  ['gemma3_text', { attn_logit_softcapping: 50 }, /"attn_logit_softcapping" expected null, got 50/],
  ['gemma3_text', { rope_parameters: { rope_type: 'default' } }, /"rope_parameters" expected for each of/],
  ['minicpm', { scale_emb: '12' }, /"scale_emb" expected a positive number/],
  ['minicpm_layerwise', { head_type: 'complex' }, /"head_type" expected "simple", got "complex"/],
  ['minicpm_layerwise', { start_layer: 4 }, /"start_layer" expected at most "num_hidden_layers" \(3\)/],
])('%s with %j is refused', (name, fields, message) => {
  expect(() => parse(name, fields)).toThrow(ConfigError);
  expect(() => parse(name, fields)).toThrow(message);
});

describe('which layers see a window only', () => {
  it('Qwen’s from max_window_layers on, where use_sliding_window asks for it', () => {
    const unlisted = { layer_types: undefined, num_hidden_layers: 3 };
    expect(layerTypes('qwen2', unlisted)).toEqual([full, sliding, sliding]);
    expect(layerTypes('qwen2', { ...unlisted, use_sliding_window: false })).toEqual([full, full, full]);
    expect(layerTypes('qwen2', { ...unlisted, max_window_layers: undefined })).toEqual([full, full, full]);
    expect(layerTypes('qwen2')).toEqual([full, sliding]);
  });

  it('all of Mistral’s or none', () => {
    expect(layerTypes('mistral')).toEqual([sliding, sliding]);
    expect(layerTypes('mistral', { sliding_window: null })).toEqual([full, full]);
    expect(layerTypes('mistral', { sliding_window: undefined })).toEqual([sliding, sliding]);
  });

  it('every other one of Gemma 2, five of six of Gemma 3', () => {
    const unlisted = { layer_types: undefined, num_hidden_layers: 7 };
    expect(layerTypes('gemma2', unlisted)).toEqual([sliding, full, sliding, full, sliding, full, sliding]);
    const five = [sliding, sliding, sliding, sliding, sliding];
    expect(layerTypes('gemma3_text', unlisted)).toEqual([...five, full, sliding]);
    const pattern = { ...unlisted, sliding_window_pattern: 2 };
    expect(layerTypes('gemma3_text', pattern)).toEqual(layerTypes('gemma2', unlisted));
  });
});

test('what decoders’ files leave out: no segments, no padding id, no standard deviation', () => {
  const { pad_token_id, initializer_range, ...rest } = read('qwen2');
  const config = parseEncoderConfig(rest);
  expect(config).toMatchObject({ pad_token_id: null, initializer_range: 0.02, type_vocab_size: 0 });
  expect(encoderConfigToJson(config)).toMatchObject({ pad_token_id: null });
  expect(encoderConfigToJson(config)).not.toHaveProperty('type_vocab_size');
  // As LLMDecoder sets it, so that transformers finds each row's last token.
  expect(encoderConfigToJson({ ...config, pad_token_id: 3 })).toMatchObject({ pad_token_id: 3 });
});

test('files of published code are of the family that re-implements it', () => {
  const auto_map = { AutoModel: 'Alibaba-NLP/gte-Qwen2-1.5B-instruct--modeling_qwen.Qwen2Model' };
  expect(parse('qwen2', { auto_map, is_causal: false }).model_type).toBe('qwen2');
  expect(parse('minicpm', { auto_map: { AutoModel: 'modeling_minicpm.MiniCPMModel' } }).model_type).toBe(
    'minicpm',
  );
  const layerwise = parse('minicpm_layerwise');
  expect(layerwise.model_type).toBe('minicpm_layerwise');
  expect(encoderConfigToJson(layerwise)).toMatchObject({ model_type: 'minicpm', start_layer: 1 });
});

test('decoders state their three classes', () => {
  expect(architectures.qwen2.classNames).toEqual({
    encoder: 'Qwen2Model',
    sequenceClassification: 'Qwen2ForSequenceClassification',
    causalLm: 'Qwen2ForCausalLM',
  });
  expect(architectures.gemma3_text.classNames).toEqual({
    encoder: 'Gemma3TextModel',
    sequenceClassification: 'Gemma3TextForSequenceClassification',
    causalLm: 'Gemma3ForCausalLM',
  });
});
