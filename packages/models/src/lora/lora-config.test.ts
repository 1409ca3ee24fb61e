import { expect, test } from 'vitest';
import { LoraError, loraScale, modulePattern } from './lora-config.js';

const config = { r: 8, lora_alpha: 16, target_modules: [] };
const module = 'base.model.layers.11.self_attn.q_proj';

test('scaling is alpha by the rank, or by its root', () => {
  expect(loraScale(config, module)).toEqual({ rank: 8, scaling: 2 });
  expect(loraScale({ ...config, use_rslora: true }, module).scaling).toBeCloseTo(16 / Math.sqrt(8), 12);
  expect(loraScale({ r: 4, target_modules: [] }, module).scaling).toBe(2);
});

test("patterns are of a module's name or of its end, and the first that fits holds", () => {
  const rank_pattern = { q: 1, 'layers\\.\\d+\\.self_attn\\.(q|v)_proj': 32, q_proj: 64 };
  expect(loraScale({ ...config, rank_pattern, alpha_pattern: { '.*': 8 } }, module)).toEqual({
    rank: 32,
    scaling: 0.25,
  });
});

test('ranks and alphas that are none are refused', () => {
  expect(() => loraScale({ ...config, r: 0 }, module)).toThrow(LoraError);
  expect(() => loraScale({ ...config, lora_alpha: Number.NaN }, module)).toThrow(
    `lora_alpha: expected a finite number for ${module}, got NaN`,
  );
});

test.each([
  '.*\\.layers\\.(?:0|1|2|3|11)\\.self_attn\\.(q|k|v|o)_proj',
  '^base.*layers\\.\\d+\\..*?_proj$',
  '(?!x).*(?:q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)',
  'base[.]model[.]layers[.][0-9]{1,2}[.]self_attn[.]q_proj',
])('%s is read as JavaScript and Python do', (pattern) => {
  const found = modulePattern(pattern, pattern, 'target_modules');
  expect(found.test(module)).toBe(true);
  expect(found.test('base.model.embed_tokens')).toBe(false);
});

test.each([
  ['a group that is repeated', '(a+)+b', 'a'],
  ['choices one behind the other', `${'(a|a)'.repeat(40)}b`, 'a'.repeat(60)],
  ['options one behind the other', `${'a?'.repeat(60)}${'a'.repeat(60)}b`, 'a'.repeat(60)],
  ['repetitions one behind the other', `${'a*'.repeat(6)}b`, 'a'.repeat(200)],
  ['a long one', 'a'.repeat(513), 'a'],
  ['a reference', '(a)\\1', 'aa'],
])('%s is refused before it takes its time', (_, pattern, name) => {
  expect(() => modulePattern(pattern, pattern, 'rank_pattern').test(name)).toThrow(
    'rank_pattern: expected a regular expression of at most 512 characters',
  );
});
