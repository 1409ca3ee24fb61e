import { encoderConfigToJson, labelCount } from '@rag/models';
import { describe, expect, test } from 'vitest';
import { classifierConfig, readClassifierConfig } from './classifier-config.js';
import { tinyConfig } from './testing/tiny.js';

const json = (overrides: Record<string, unknown> = {}) => ({
  ...encoderConfigToJson(tinyConfig()),
  ...overrides,
});
const three = { id2label: { 0: 'a', 1: 'b', 2: 'c' }, label2id: { a: 0, b: 1, c: 2 } };

describe('a classifier of another number of labels', () => {
  test('is an error that says how to replace its head', () => {
    expect(() => readClassifierConfig(json(three))).toThrow(
      'config.json: expected a model of one label (a reranker), got 3 — pass newHead: true to replace the head',
    );
    expect(() => readClassifierConfig(json(three), false)).toThrow('got 3');
    expect(() => readClassifierConfig(json({ id2label: undefined }))).toThrow(
      'got none stated, which means 2',
    );
  });

  test('becomes one of one label when asked', () => {
    const config = readClassifierConfig(json(three), true);
    expect(labelCount(config)).toBe(1);
    expect(config.extra).toMatchObject({ id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } });
  });
});

test.each([undefined, null, [], ['BertModel'], ['BertForMaskedLM'], 'BertForSequenceClassification'])(
  'labels of what is no classifier say nothing: architectures %j',
  (architectures) => {
    const config = readClassifierConfig(json({ ...three, architectures }));
    expect(labelCount(config)).toBe(1);
    expect(config.extra.architectures).toEqual(['BertForSequenceClassification']);
  },
);

test.each([
  ['bert', 'BertForSequenceClassification'],
  ['roberta', 'RobertaForSequenceClassification'],
  ['xlm-roberta', 'XLMRobertaForSequenceClassification'],
])('%s is saved as %s', (model_type, name) => {
  const config = classifierConfig(tinyConfig({ model_type, architectures: undefined }));
  expect(config.extra.architectures).toEqual([name]);
});

test('the dtype that the file states becomes that of the saved weights; other keys stay', () => {
  const config = readClassifierConfig(json({ torch_dtype: 'float16', _name_or_path: 'somewhere' }));
  expect(config.extra).toMatchObject({ torch_dtype: 'float32', _name_or_path: 'somewhere' });
  expect(config.extra).not.toHaveProperty('dtype');
  expect(readClassifierConfig(json({ dtype: 'bfloat16' })).extra.dtype).toBe('float32');
});

test('a name of its one label stays', () => {
  const named = { id2label: { 0: 'relevance' }, label2id: { relevance: 0 } };
  expect(readClassifierConfig(json(named)).extra).toMatchObject(named);
});
