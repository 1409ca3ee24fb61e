import { initializeParameter, parseEncoderConfig } from '@rag/models';
import { expect, test } from 'vitest';
import { countWeights, freshWeights, readElements, readWeight, weightNames } from './initial-weights.js';

const held = new Map([
  ['a', Float32Array.of(1, 2)],
  ['b', Float32Array.of(3)],
]);
const codes = { dtype: 'bfloat16', codes: Uint16Array.of(0x3f80, 0x4000) } as const;
const stored = {
  parameters: [
    { name: 'a', shape: [1, 2] },
    { name: 'b', shape: [1] },
  ],
  read: async (name: string) => held.get(name)!,
  elements: async (name: string) => (name === 'a' ? codes : held.get(name)!),
};

test.each([
  ['held', held],
  ['stored', stored],
])('%s weights have names, sizes and values', async (_, weights) => {
  expect(weightNames(weights)).toEqual(['a', 'b']);
  expect(countWeights(weights)).toEqual({ parameters: 2, elements: 3 });
  expect(await readWeight(weights, 'a')).toEqual(Float32Array.of(1, 2));
  await expect(readWeight(weights, 'c')).rejects.toThrow('c: expected a parameter of the model, got none');
});

test('half-precision codes come as the file has them, where there is one', async () => {
  expect(await readElements(stored, 'a')).toBe(codes);
  expect(await readElements(stored, 'b')).toEqual(Float32Array.of(3));
  expect(await readElements(held, 'a')).toEqual(Float32Array.of(1, 2));
});

test('fresh weights are the same whenever they are asked for', async () => {
  const config = parseEncoderConfig({
    model_type: 'bert',
    vocab_size: 8,
    hidden_size: 4,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    intermediate_size: 4,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    max_position_embeddings: 8,
    type_vocab_size: 1,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
    initializer_range: 0.02,
  });
  const spec = { name: 'classifier.weight', shape: [1, 4] };
  const weights = freshWeights([spec], config, 7);
  expect(await readWeight(weights, spec.name)).toEqual(initializeParameter(spec, config, 7));
  expect(await readWeight(weights, spec.name)).not.toBe(await readWeight(weights, spec.name));
});
