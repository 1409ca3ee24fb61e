import { expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { memorySource } from '../file-source.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { renumberConfig, vocabularyNeeds } from './vocabulary-needs.js';

async function needs(config: object, files: Readonly<Record<string, object>> = {}) {
  const texts = Object.entries(files).map(([name, json]) => [name, JSON.stringify(json)]);
  return vocabularyNeeds(
    await openCheckpoint(
      memorySource({
        'config.json': JSON.stringify(config),
        'model.safetensors': await safetensorsBytes([]),
        ...Object.fromEntries(texts),
      }),
    ),
  );
}

test('ids that config.json states, and those up to a padding id that positions may be counted from', async () => {
  const config = {
    vocab_size: 100,
    pad_token_id: 2,
    mask_token_id: 50,
    eos_token_id: [7, 8],
    bos_token_id: -1,
    sep_token_id: 100,
  };
  expect((await needs(config)).ids).toEqual([0, 1, 2, 2, 50, 7, 8]);
  expect((await needs({ vocab_size: 151_936, pad_token_id: 151_643 })).ids).toEqual([151_643]);
  expect((await needs({ vocab_size: 10, pad_token_id: null })).ids).toEqual([]);
});

test('prompts, markers, words of settings and the case of a retriever', async () => {
  const found = await needs(
    { vocab_size: 10 },
    {
      'config_sentence_transformers.json': {
        prompts: { query: 'query: ', document: '' },
        query_prefix: '[Q] ',
        skiplist_words: ['!', ';;'],
      },
      'sentence_bert_config.json': { do_lower_case: true },
      'other.json': { prompts: { x: 'no' } },
    },
  );
  expect(found.prompts).toEqual(['query: ', '[Q] ']);
  expect(found.tokens).toEqual(expect.arrayContaining(['[Q] ', ';;', '[unused0]', 'query: ']));
  expect(found.tokens).not.toContain('no');
  expect(found.lowercase).toBe(true);
  expect(await needs({ vocab_size: 10 })).toMatchObject({ prompts: [], lowercase: false });
});

test('config.json with the new ids', () => {
  const config = {
    vocab_size: 100,
    pad_token_id: 0,
    mask_token_id: 50,
    eos_token_id: [7, 50],
    bos_token_id: null,
  };
  expect(renumberConfig(config, [0, 7, 50])).toEqual({
    ...{ vocab_size: 3, pad_token_id: 0, mask_token_id: 2, eos_token_id: [1, 2], bos_token_id: null },
  });
});
