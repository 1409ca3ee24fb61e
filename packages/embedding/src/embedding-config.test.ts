import { ConfigError } from '@rag/models';
import { expect, it } from 'vitest';
import { embeddingConfig, readEmbeddingConfig } from './embedding-config.js';
import { tinyConfig } from './testing/tiny.js';

it.each([
  ['bert', 'BertModel'],
  ['roberta', 'RobertaModel'],
  ['xlm-roberta', 'XLMRobertaModel'],
])('%s is saved as %s in float32, whatever task it was of', (model_type, name) => {
  const { extra } = tinyConfig({
    model_type,
    architectures: ['BertForMaskedLM'],
    torch_dtype: 'float16',
    kept: 1,
  });
  const config = embeddingConfig({ ...tinyConfig({ model_type }), extra });
  expect(config.extra).toMatchObject({ architectures: [name], torch_dtype: 'float32', kept: 1 });
  expect(config.extra).not.toHaveProperty('dtype');
});

it('a config that is not one is an error', () => {
  expect(() => readEmbeddingConfig({ model_type: 'gpt2' })).toThrow(ConfigError);
});
