import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Embedding } from '@rag/embedding';
import { embeddingParameters } from '@rag/embedding/training';
import { afterAll, expect, it } from 'vitest';
import { saveFreshBert, smallBert } from './fresh-bert.js';

const folder = mkdtempSync(join(tmpdir(), 'rag-fresh-bert-'));
afterAll(() => rmSync(folder, { recursive: true }));

const texts = ['the moon is bright', 'the sun is bright', '月亮很亮', 'heard once'];
const bert = smallBert(
  texts,
  {
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    max_position_embeddings: 24,
    initializer_range: 0.1,
  },
  { size: 60, minFrequency: 1 },
);
const parameters = embeddingParameters(bert.config, { pooling: ['mean'], dense: [], normalize: false });

async function weightsOf(name: string, seed: number): Promise<Map<string, Float32Array>> {
  await saveFreshBert(join(folder, name), bert, parameters, seed);
  const model = await Embedding.fromPretrained(join(folder, name), { pooling: 'mean' });
  const weights = await model.readWeights();
  expect(await model.encode('the moon 月')).toHaveLength(16);
  model.dispose();
  return weights;
}

it('reads pieces of the texts', () => {
  expect(bert.vocabulary).toEqual(expect.arrayContaining(['[UNK]', 'the', '月', 'h']));
  expect(bert.config.vocab_size).toBe(bert.vocabulary.length);
});

it('saves weights that depend on the seed alone, keys equal to queries, places small', async () => {
  const weights = await weightsOf('a', 1);
  const layer = 'encoder.layer.0.attention.self';
  expect(weights.get(`${layer}.key.weight`)).toEqual(weights.get(`${layer}.query.weight`));
  expect(weights.get(`${layer}.value.weight`)).not.toEqual(weights.get(`${layer}.query.weight`));
  const deviation = (name: string) => {
    const values = weights.get(`embeddings.${name}.weight`)!;
    return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  };
  expect(deviation('word_embeddings')).toBeCloseTo(0.1, 1);
  expect(deviation('position_embeddings')).toBeCloseTo(0.02, 2);
  expect(await weightsOf('b', 1)).toEqual(weights);
  expect(await weightsOf('c', 2)).not.toEqual(weights);
});
