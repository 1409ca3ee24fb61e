import { expect, test } from 'vitest';
import { ConfigError } from './config-error.js';
import { templateOf } from './pair-template.js';
import { resolveReranker } from './reranker-config.js';

const resolve = (settings: Record<string, unknown>) => {
  const all = { train_dataset: ['a.jsonl'], model_name_or_path: 'model', ...settings };
  return resolveReranker([Object.entries(all).map(([key, value]) => ({ key, value, where: key }))]).config;
};

test("RAG-Retrieval's formats and FlagEmbedding's instructions make a template", () => {
  expect(
    templateOf(
      resolve({ model_type: 'llm_decoder', query_format: 'query: {}', seq: '', special_token: '</s>' }),
    ),
  ).toEqual({
    query_format: 'query: {}',
    seq: '',
    special_token: '</s>',
  });
  const instructed = resolve({
    model_type: 'decoder',
    query_instruction_for_rerank: 'A: $&',
    passage_instruction_for_rerank: 'B: ',
    passage_instruction_format: '<{}> {}',
    sep_token: '\n',
  });
  expect(templateOf(instructed)).toEqual({
    query_format: 'A: $&{}',
    document_format: '<B: > {}',
    seq: '\n',
  });
  expect(templateOf(resolve({}))).toEqual({});
});

test.each([
  [
    { model_type: 'cross_encoder', seq: '|' },
    'expected model_type llm_decoder or decoder with it, got bert_encoder',
  ],
  [{ query_format: 'query' }, 'expected a text with one {} in the place of the query, got "query"'],
  [{ document_format: '{}{}' }, 'expected a text with one {} in the place of the passage, got "{}{}"'],
  [{ query_instruction_format: '{}' }, 'expected a text with two {}, for instruction and text, got "{}"'],
  [{ query_format: 'q: {}', query_instruction_for_rerank: 'A: ' }, 'expected it or query_format, got both'],
])('%j is refused', (settings, message) => {
  expect(() => resolve(settings)).toThrow(ConfigError);
  expect(() => resolve(settings)).toThrow(message);
});

test("the empty formats of the originals' files pass for an encoder", () => {
  expect(() => resolve({ model_type: 'bert_encoder', query_format: '{}', seq: '' })).not.toThrow();
});
