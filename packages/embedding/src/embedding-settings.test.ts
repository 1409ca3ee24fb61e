import { ConfigError, memorySource } from '@rag/models';
import { describe, expect, it } from 'vitest';
import { defaultSettings, readSettings, settingsToJson } from './embedding-settings.js';

const read = (encoder: unknown, model?: unknown, name = 'sentence_bert_config.json') =>
  readSettings(
    memorySource({
      ...(encoder === undefined ? {} : { [name]: JSON.stringify(encoder) }),
      ...(model === undefined ? {} : { 'config_sentence_transformers.json': JSON.stringify(model) }),
    }),
  );

it('files that are not there leave the defaults', async () => {
  expect(await read(undefined)).toEqual(defaultSettings);
});

it('what both files say, and keys for saving', async () => {
  const settings = await read(
    { max_seq_length: 128, do_lower_case: true, unpad_inputs: null },
    {
      __version__: { pytorch: '2' },
      prompts: { query: 'query: ', document: null, passage: '' },
      default_prompt_name: 'query',
      similarity_fn_name: 'dot',
      truncate_dim: 64,
    },
  );
  expect(settings).toEqual({
    max_seq_length: 128,
    do_lower_case: true,
    prompts: { query: 'query: ', passage: '' },
    default_prompt_name: 'query',
    similarity_fn_name: 'dot',
    truncate_dim: 64,
    extra: { encoder: { unpad_inputs: null }, model: { __version__: { pytorch: '2' } } },
  });
  const { encoder, model } = settingsToJson(settings);
  expect(await read(encoder, model)).toEqual(settings);
  expect(settingsToJson(defaultSettings)).toEqual({
    encoder: { do_lower_case: false },
    model: { prompts: {}, default_prompt_name: null, similarity_fn_name: null },
  });
});

it('the file under the name that RoBERTa models gave it', async () => {
  expect(await read({ max_seq_length: 7 }, undefined, 'sentence_roberta_config.json')).toMatchObject({
    max_seq_length: 7,
  });
});

describe('errors name the file and the field', () => {
  it.each([
    [
      { max_seq_length: 0 },
      'sentence_bert_config.json: "max_seq_length" expected a positive whole number or null, got 0',
    ],
    [{ max_seq_length: '512' }, '"max_seq_length"'],
    [{ do_lower_case: 'yes' }, '"do_lower_case" expected true or false'],
    [{ transformer_task: 'fill-mask' }, '"transformer_task" expected "feature-extraction"'],
    [{ module_output_name: 'sentence_embedding' }, '"module_output_name" expected "token_embeddings"'],
    [{ query_length: 32 }, '"query_length" expected null'],
    [[], 'expected a JSON object'],
  ])('%j', async (encoder, message) => {
    await expect(read(encoder)).rejects.toThrow(message);
  });

  it.each([
    [{ prompts: [] }, 'config_sentence_transformers.json: "prompts" expected an object of texts by name'],
    [{ prompts: { query: 3 } }, '"prompts"'],
    [{ default_prompt_name: 'query' }, '"default_prompt_name" expected one of "prompts" ()'],
    [{ prompts: {}, default_prompt_name: 'toString' }, '"default_prompt_name"'],
    [{ default_prompt_name: 1 }, '"default_prompt_name" expected a name or null'],
    [{ similarity_fn_name: {} }, '"similarity_fn_name"'],
    [{ truncate_dim: 1.5 }, '"truncate_dim" expected a positive whole number or null'],
    [{ model_type: 'MultiVectorEncoder' }, '"model_type" expected "SentenceTransformer"'],
  ])('%j', async (model, message) => {
    await expect(read(undefined, model)).rejects.toThrow(ConfigError);
    await expect(read(undefined, model)).rejects.toThrow(message);
  });
});
