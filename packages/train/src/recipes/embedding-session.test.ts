import type { EmbeddingSettings } from '@rag/embedding';
import { embeddingParameters } from '@rag/embedding/training';
import { initializeParameters, parseEncoderConfig } from '@rag/models';
import { expect, test } from 'vitest';
import { embeddingLoss, temperatureOf, wholeEmbedding } from './embedding-session.js';

test('each loss has its own temperature, and scales by its inverse where it multiplies', () => {
  const plain = { compat: false };
  expect(temperatureOf('infonce', {})).toBe(0.02);
  expect(temperatureOf('infonce', { temperature: 0.1 })).toBe(0.1);
  expect(embeddingLoss('infonce', plain, undefined)).toEqual({ kind: 'in-batch', temperature: 0.02 });
  expect(embeddingLoss('kl_divergence', { compat: true }, undefined)).toEqual({
    kind: 'scored',
    temperature: 0.02,
    compat: true,
  });
  expect(embeddingLoss('margin_mse', plain, undefined)).toEqual({ kind: 'margin-mse', temperature: 1 });
  expect(embeddingLoss('angle', { ...plain, temperature: 0.5 }, undefined)).toEqual({
    kind: 'angle',
    scale: 2,
  });
  expect(embeddingLoss('distill', plain, 12)).toEqual({ kind: 'distill', teacherWidth: 12 });
});

test('inner products are divided by 1 unless said, and a teacher is listened to', () => {
  const products = { compat: false, normalizeEmbeddings: false };
  expect(embeddingLoss('infonce', products, undefined)).toEqual({
    kind: 'in-batch',
    temperature: 1,
    normalize: false,
  });
  expect(embeddingLoss('kl_divergence', { ...products, temperature: 0.1 }, undefined)).toMatchObject({
    temperature: 0.1,
    normalize: false,
  });
  const taught = { compat: false, knowledgeDistillation: true, kdLossType: 'm3_kd_loss' } as const;
  expect(embeddingLoss('infonce', taught, undefined)).toMatchObject({ distill: 'm3_kd_loss' });
});

test('a whole model is read by its names, its pooler from where it lies', async () => {
  const config = parseEncoderConfig({
    ...{ model_type: 'bert', vocab_size: 10, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2 },
    ...{ intermediate_size: 8, hidden_act: 'gelu', hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
    ...{ max_position_embeddings: 8, type_vocab_size: 2, initializer_range: 0.02, layer_norm_eps: 1e-12 },
    pad_token_id: 0,
  });
  const head = { pooling: ['mean'], dense: [], normalize: true } as const;
  const weights = initializeParameters(embeddingParameters(config, head), config, 1);
  const bias = new Float32Array(16).fill(3);
  const pooler = new Map([
    ['pooler.dense.weight', new Float32Array(256)],
    ['pooler.dense.bias', bias],
  ]);
  const settings = { do_lower_case: false, prompts: { query: 'q: ' }, extra: { encoder: {}, model: {} } };
  const parts = {
    config,
    head,
    tokenizerFiles: {},
    pooler,
    settings: settings as unknown as EmbeddingSettings,
  };
  const { tensors, files } = await wholeEmbedding(parts, async (name) => weights.get(name)!);
  const named = new Map([...tensors].map(({ name, data }) => [name, data]));
  expect([...named.keys()]).toEqual([...weights.keys(), ...pooler.keys()]);
  expect(await (named.get('pooler.dense.bias') as () => Promise<Float32Array>)()).toBe(bias);
  expect(JSON.parse(files!['config_sentence_transformers.json'] as string)).toMatchObject({
    prompts: { query: 'q: ' },
  });
});
