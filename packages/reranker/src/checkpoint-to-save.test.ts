import { expect, test } from 'vitest';
import { rerankerCheckpoint } from './checkpoint-to-save.js';
import { tinyConfig, tinyTokenizerFiles } from './testing/tiny.js';

test('config, tokenizer files that stand alone, tensors by their names', async () => {
  const config = tinyConfig();
  const {
    config: json,
    files,
    tensors,
  } = rerankerCheckpoint({
    config,
    tokenizerFiles: { 'tokenizer.json': tinyTokenizerFiles['tokenizer.json'] },
    parameters: [{ name: 'a', shape: [2] }],
    read: async (name) => Float32Array.of(name.length, 7),
  });
  expect(json).toMatchObject({ model_type: 'bert', architectures: ['BertForSequenceClassification'] });
  expect(Object.keys(files!)).toEqual(['tokenizer.json', 'tokenizer_config.json']);
  expect(JSON.parse(String(files!['tokenizer_config.json']))).toMatchObject({
    pad_token: '[PAD]',
    model_max_length: config.max_position_embeddings,
  });
  const [{ name, data }] = tensors as unknown as [{ name: string; data: () => Promise<Float32Array> }];
  expect([name, await data()]).toEqual(['a', Float32Array.of(1, 7)]);
});
