import { linearProjection, ragRetrievalSettings } from '@rag/colbert/training';
import { memorySource, parseEncoderConfig, readPytorchFile, torchArchive } from '@rag/models';
import { expect, test } from 'vitest';
import { readWeight, weightNames } from './initial-weights.js';
import type { StartingColbert } from './starting-colbert.js';
import { withSparseLinear, withUnifiedFiles } from './unified-parts.js';

const config = parseEncoderConfig({
  ...{ model_type: 'bert', vocab_size: 10, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 2 },
  ...{ intermediate_size: 8, hidden_act: 'gelu', hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
  ...{ max_position_embeddings: 8, type_vocab_size: 2, initializer_range: 0.02, layer_norm_eps: 1e-12 },
  pad_token_id: 0,
});
const settings = ragRetrievalSettings(linearProjection(4, 2, true), 8);
const start = (more: object = {}) =>
  ({
    ...{ config, settings, fresh: [], tokenizerFiles: {} },
    weights: { parameters: [{ name: 'a', shape: [1] }], read: async () => Float32Array.of(9) },
    ...more,
  }) as unknown as StartingColbert;
const sparse = [
  { name: 'weight', shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) },
  { name: 'bias', shape: [1], data: Float32Array.of(5) },
];

test('the weights of terms are the directory’s own, or fresh', async () => {
  const said: string[] = [];
  const source = memorySource({ 'sparse_linear.pt': torchArchive(sparse) });
  const own = await withSparseLinear(start({ source }), 1, (line) => said.push(line));
  expect(weightNames(own.weights)).toEqual(['a', 'sparse_linear.weight', 'sparse_linear.bias']);
  expect(await readWeight(own.weights, 'sparse_linear.weight')).toEqual(sparse[0]!.data);
  expect(await readWeight(own.weights, 'a')).toEqual(Float32Array.of(9));
  expect([own.fresh, said]).toEqual([[], []]);
  const fresh = await withSparseLinear(start(), 1, (line) => said.push(line));
  expect(fresh.fresh).toEqual(['sparse_linear.weight', 'sparse_linear.bias']);
  expect(await readWeight(fresh.weights, 'sparse_linear.bias')).toEqual(Float32Array.of(0));
  expect(said).toEqual(['sparse_linear: fresh, since the model has none']);
});

test('other layouts, files and shapes are refused', async () => {
  const refused = (more: object) => withSparseLinear(start(more), 1, () => {});
  await expect(refused({ settings: { ...settings, layout: 'pylate' } })).rejects.toThrow(
    "expected a checkpoint of BGE-M3's layout, or an encoder, for unified_finetuning, got one of pylate",
  );
  await expect(refused({ file: { path: 'onnx/model.onnx' } })).rejects.toThrow(
    'the ONNX file onnx/model.onnx',
  );
  const narrow = [{ ...sparse[0]!, shape: [1, 2], data: new Float32Array(2) }, sparse[1]!];
  const source = memorySource({ 'sparse_linear.pt': torchArchive(narrow) });
  await expect(refused({ source })).rejects.toThrow('sparse_linear.pt');
});

test('a checkpoint gets modules for the dense vector and the weights of terms, twice', async () => {
  const values = new Map(sparse.map(({ name, data }) => [`sparse_linear.${name}`, data]));
  const { files } = await withUnifiedFiles(
    { config: {}, files: { 'colbert_linear.pt': 'kept' }, tensors: [] },
    { config, settings: { ...settings, query_instruction: 'Q: ' }, tokenizerFiles: {} },
    async (name) => values.get(name)!,
  );
  expect(Object.keys(files!).toSorted()).toEqual(
    expect.arrayContaining([
      '1_Pooling/config.json',
      'colbert_linear.pt',
      'modules.json',
      'sparse_linear.safetensors',
    ]),
  );
  expect(files!['colbert_linear.pt']).toBe('kept');
  expect(JSON.parse(files!['config_sentence_transformers.json'] as string).prompts).toEqual({ query: 'Q: ' });
  const written = await readPytorchFile(
    memorySource({ 's.pt': files!['sparse_linear.pt'] as Uint8Array }),
    's.pt',
  );
  expect(await written.get('weight')!.read()).toEqual(sparse[0]!.data);
});
