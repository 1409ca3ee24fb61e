import { expect, test } from 'vitest';
import { memorySource } from '../file-source.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { openMixture } from './mix.js';

const bert = {
  model_type: 'bert',
  architectures: ['BertModel'],
  vocab_size: 8,
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 8,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 16,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
};
const tokenizer = { version: '1.0', truncation: null, model: { type: 'WordPiece', vocab: { a: 0, b: 1 } } };
const modules = [
  { path: '', type: 'sentence_transformers.models.Transformer' },
  { path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
];
const json = (value: unknown) => JSON.stringify(value);

const weights = await safetensorsBytes([{ name: 'w', shape: [1], data: Float32Array.of(1) }]);
const model = (name: string, files: Record<string, string>) => ({
  name,
  source: memorySource({
    'config.json': json(bert),
    'tokenizer.json': json(tokenizer),
    'modules.json': json(modules),
    '1_Pooling/config.json': json({ pooling_mode_cls_token: true }),
    'model.safetensors': weights,
    ...files,
  }),
});
const open = (files: Record<string, string>) => openMixture([model('a', {}), model('b', files)]);

test('what says nothing of what is computed may differ', async () => {
  const aside = {
    _name_or_path: 'x',
    transformers_version: '5',
    hidden_dropout_prob: 0,
    directionality: 'bidi',
  };
  const files = {
    'config.json': json({ ...bert, ...aside }),
    'tokenizer.json': json({ ...tokenizer, truncation: { max_length: 8 } }),
    '1_Pooling/config.json': json({ pooling_mode_cls_token: true, include_prompt: true }),
    // Version 6 of sentence-transformers has other modules' paths of classes.
    'modules.json': json(modules.map((each) => ({ ...each, type: each.type.replace('models', 'base') }))),
  };
  await expect(open(files)).resolves.toMatchObject({ names: ['w'] });
});

test.each([
  [{ 'config.json': json({ ...bert, hidden_act: 'relu' }) }, 'config.json.hidden_act: "relu", not "gelu"'],
  [
    { 'config.json': json({ ...bert, model_type: 'electra' }) },
    'config.json.model_type: "electra", not "bert"',
  ],
  [
    { 'tokenizer.json': json({ ...tokenizer, model: { type: 'WordPiece', vocab: { a: 1, b: 1 } } }) },
    'expected the tokenizer of a, got tokenizer.json.model.vocab.a: 1, not 0',
  ],
  [
    { '1_Pooling/config.json': json({ pooling_mode_cls_token: false }) },
    '1_Pooling/config.json.pooling_mode_cls_token: false, not true',
  ],
  [{ 'modules.json': json(modules.slice(0, 1)) }, 'modules.json: Transformer, not Transformer, Pooling'],
  [{ 'modules.json': '{}' }, 'modules.json: expected a list of modules'],
])('a difference is refused, %#', async (files, message) => {
  await expect(open(files as Record<string, string>)).rejects.toThrow(message);
});
