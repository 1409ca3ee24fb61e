import { memorySource } from '@rag/models';
import { wordPieceTokenizerJson } from '@rag/text';
import { expect, test } from 'vitest';
import { modelFacts } from './model-facts.js';

const config = {
  ...{
    model_type: 'bert',
    architectures: ['BertModel'],
    vocab_size: 6,
    hidden_size: 4,
    num_hidden_layers: 1,
  },
  ...{ num_attention_heads: 2, intermediate_size: 8, hidden_act: 'gelu', hidden_dropout_prob: 0 },
  ...{ attention_probs_dropout_prob: 0, max_position_embeddings: 16, type_vocab_size: 2 },
  ...{ initializer_range: 0.02, layer_norm_eps: 1e-12, pad_token_id: 0 },
};
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a'];
const texts = {
  'config.json': JSON.stringify(config),
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
};
/** One tensor of 6 × 4 floats. */
function safetensors(): Uint8Array {
  const header = new TextEncoder().encode(
    JSON.stringify({
      'embeddings.word_embeddings.weight': { dtype: 'F32', shape: [6, 4], data_offsets: [0, 96] },
    }),
  );
  const bytes = new Uint8Array(8 + header.length + 96);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
}
const open = (files: Readonly<Record<string, string | Uint8Array>>, initFromConfig = false) =>
  modelFacts({ openModel: async () => memorySource(files) }, { modelNameOrPath: 'place', initFromConfig });

test('a directory without weights', async () => {
  const facts = await open(texts, true);
  expect(facts).toMatchObject({ modelType: 'bert', layers: 1, longest: 16, isDecoder: false, isFresh: true });
  expect(facts.parameters).toBeUndefined();
  expect(facts.tokenizer.vocabSize).toBe(6);
});

test('a checkpoint: its elements are counted, not read', async () => {
  const facts = await open({ ...texts, 'model.safetensors': safetensors(), 'modules.json': '[]' });
  expect(facts).toMatchObject({ isFresh: false, parameters: 24, hasModules: true });
});

test('what cannot be opened is an error with the name of the model', async () => {
  await expect(open({ 'config.json': '{' }, true)).rejects.toThrow(/^place: config\.json: expected JSON/);
  await expect(
    modelFacts({ openModel: async () => undefined }, { modelNameOrPath: 'place', initFromConfig: false }),
  ).rejects.toThrow('expected a model directory, got "place"');
});
