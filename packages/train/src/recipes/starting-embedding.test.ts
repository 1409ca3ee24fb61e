import type { EmbeddingHead } from '@rag/embedding';
import { embeddingParameters } from '@rag/embedding/training';
import { initializeParameters, parseEncoderConfig } from '@rag/models';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../config/config-error.js';
import { readWeight, weightNames } from './initial-weights.js';
import { type StartingEmbedding, studentOf } from './starting-embedding.js';

const config = parseEncoderConfig({
  model_type: 'bert',
  architectures: ['BertModel'],
  vocab_size: 10,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 8,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  max_position_embeddings: 8,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
});
const bare: EmbeddingHead = { pooling: ['mean'], dense: [], normalize: true };
const dense = (name: string, width: number, out: number) =>
  ({ name, in: width, out, bias: true, activation: 'identity' }) as const;
const projected: EmbeddingHead = { ...bare, dense: [dense('2_Dense', 16, 8)] };

function student(head: EmbeddingHead, demand: Parameters<typeof studentOf>[1], seed = 3) {
  const weights = initializeParameters(embeddingParameters(config, head), config, 1);
  const base = { config, head, tokenizerFiles: {}, weights, fresh: [] } as unknown as StartingEmbedding;
  const said: string[] = [];
  return { ...studentOf(base, demand, seed, (line) => said.push(line)), said, base };
}

describe('the head that training needs', () => {
  test('is the model’s own without a demand', () => {
    const { start, mrlDims, base } = student(bare, { mrlDims: [] });
    expect([start.head, start.fresh, mrlDims]).toEqual([bare, [], []]);
    expect(start.weights).toEqual(base.weights);
  });

  test('is a fresh Dense of the largest Matryoshka width, by the seed', async () => {
    const demand = { mrlDims: [4, 32] };
    const { start, mrlDims, base } = student(bare, demand);
    expect(start.head).toEqual({ ...bare, dense: [dense('2_Dense', 16, 32)], normalize: false });
    expect([start.fresh, mrlDims]).toEqual([
      ['2_Dense.linear.weight', '2_Dense.linear.bias'],
      [4, 32],
    ]);
    expect(weightNames(base.weights).includes('2_Dense.linear.weight')).toBe(false);
    const weightOf = (seed: number) =>
      readWeight(student(bare, demand, seed).start.weights, '2_Dense.linear.weight');
    expect(await weightOf(3)).toEqual(await readWeight(start.weights, '2_Dense.linear.weight'));
    expect(await weightOf(4)).not.toEqual(await weightOf(3));
  });

  test('keeps a Dense that is there and the widths within it', () => {
    const { start, mrlDims, said } = student(projected, { mrlDims: [4, 8, 16, 64] });
    expect([start.head.dense, start.fresh, mrlDims]).toEqual([projected.dense, [], [4, 8]]);
    expect(said).toEqual(['mrl_dims: 16, 64 left out, the vectors have 8 elements']);
    expect(() => student(projected, { mrlDims: [16] })).toThrow(ConfigError);
    expect(() => student(projected, { mrlDims: [16] })).toThrow(
      'expected a width up to 8, that of the vectors, got 16 — name smaller ones',
    );
  });

  test('of a student is always one more Dense, of the teacher’s width', () => {
    const { start, mrlDims, said } = student(projected, { mrlDims: [8, 24, 99], teacherWidth: 24 });
    expect(start.head.dense).toEqual([...projected.dense, dense('3_Dense', 8, 24)]);
    expect([start.fresh, mrlDims]).toEqual([
      ['3_Dense.linear.weight', '3_Dense.linear.bias'],
      [8, 24],
    ]);
    expect(said).toEqual(['mrl_dims: 99 left out, the vectors have 24 elements']);
  });
});
