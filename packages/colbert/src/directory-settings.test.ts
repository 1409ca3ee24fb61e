import { memorySource } from '@rag/models';
import { describe, expect, test } from 'vitest';
import { PUNCTUATION } from './colbert-settings.js';
import { readDirectorySettings } from './directory-settings.js';

const json = (value: unknown) => JSON.stringify(value);
const transformer = { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' };
const dense = { idx: 1, name: '1', path: '1_Dense', type: 'pylate.models.Dense.Dense' };
const read = (files: Record<string, string>, config = {}, longest = 512) =>
  readDirectorySettings(memorySource(files), config, longest);

describe('layouts', () => {
  test("PyLate, by its Dense: what the file lacks has PyLate's defaults", async () => {
    const { settings, denseFolders } = await read({ 'modules.json': json([transformer, dense]) });
    expect(denseFolders).toEqual(['1_Dense']);
    expect(settings).toEqual({
      layout: 'pylate',
      query_prefix: '[Q] ',
      document_prefix: '[D] ',
      query_length: 32,
      document_length: 180,
      do_query_expansion: true,
      attend_to_expansion_tokens: false,
      skiplist_words: PUNCTUATION,
      maskSpecialTokens: false,
      divideByQueryLength: false,
      do_lower_case: false,
    });
    expect(PUNCTUATION.length).toBe(32);
  });

  test('PyLate, by its keys, with a Dense of sentence-transformers; what is not ours is kept', async () => {
    const stated = {
      query_prefix: '',
      document_prefix: '[D]',
      query_length: 48,
      document_length: 300,
      do_query_expansion: false,
      attend_to_expansion_tokens: true,
      skiplist_words: [],
      prompts: { query: '' },
    };
    const {
      settings,
      denseFolders,
      stated: kept,
    } = await read({
      'modules.json': json([transformer, { ...dense, type: 'sentence_transformers.models.Dense' }]),
      'config_sentence_transformers.json': json(stated),
      'sentence_bert_config.json': json({ do_lower_case: true, max_seq_length: 31 }),
    });
    expect(denseFolders).toEqual(['1_Dense']);
    const { prompts: _, ...ours } = stated;
    expect(settings).toMatchObject({ ...ours, attend_to_expansion_tokens: false, do_lower_case: true });
    expect(kept['config_sentence_transformers.json']).toEqual(stated);
  });

  test("Stanford's, by artifact.metadata or by HF_ColBERT alone", async () => {
    const metadata = {
      query_token_id: '[unused5]',
      doc_token_id: '[unused6]',
      query_maxlen: 16,
      doc_maxlen: 300,
      attend_to_mask_tokens: true,
      mask_punctuation: false,
      similarity: 'cosine',
    };
    const { settings } = await read({ 'artifact.metadata': json(metadata) });
    expect(settings).toMatchObject({
      layout: 'colbertv2',
      query_prefix: '[unused5]',
      document_prefix: '[unused6]',
      query_length: 16,
      document_length: 300,
      do_query_expansion: true,
      attend_to_expansion_tokens: true,
      skiplist_words: [],
    });
    const named = await read({}, { architectures: ['HF_ColBERT'] });
    expect(named.settings).toMatchObject({
      query_prefix: '[unused0]',
      document_prefix: '[unused1]',
      query_length: 32,
      document_length: 220,
      skiplist_words: PUNCTUATION,
    });
  });

  test('RAG-Retrieval: everything else, an embedding model of sentence-transformers too', async () => {
    const { settings } = await read({
      'modules.json': json([
        transformer,
        { ...dense, path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      ]),
      'config_sentence_transformers.json': json({ prompts: {}, similarity_fn_name: 'cosine' }),
    });
    expect(settings).toMatchObject({ layout: 'rag-retrieval', query_length: 128, document_length: 512 });
    expect((await read({}, {}, 40)).settings).toMatchObject({ query_length: 40, document_length: 40 });
  });

  test('RAG-Retrieval, with the lengths that a model was trained at', async () => {
    const stated = { query_length: 24, document_length: 200, query_instruction: 'Q: ', note: 'kept' };
    const directory = await read({ 'colbert_settings.json': json(stated) });
    expect(directory.settings).toMatchObject({
      layout: 'rag-retrieval',
      query_length: 24,
      document_length: 200,
      query_instruction: 'Q: ',
    });
    expect((await read({})).settings).not.toHaveProperty('query_instruction');
    expect(directory.stated).toEqual({ 'colbert_settings.json': stated });
    await expect(read({ 'colbert_settings.json': json({ query_length: '24' }) })).rejects.toThrow(
      'colbert_settings.json: "query_length" expected a whole number ≥ 1, got "24"',
    );
  });
});

describe('files that do not fit', () => {
  const pylate = (own: unknown) =>
    read({ 'modules.json': json([transformer, dense]), 'config_sentence_transformers.json': json(own) });

  test.each([
    [{ query_length: '32' }, '"query_length" expected a whole number ≥ 1, got "32"'],
    [{ query_length: -1 }, '"query_length" expected a whole number ≥ 1, got -1'],
    [{ document_length: 1e99 }, '"document_length" expected a whole number ≥ 1'],
    [{ query_prefix: 7 }, '"query_prefix" expected a string, got 7'],
    [{ skiplist_words: '.' }, '"skiplist_words" expected a list of strings'],
    [{ do_query_expansion: 'yes' }, '"do_query_expansion" expected true or false'],
  ])('config_sentence_transformers.json %j', async (own, message) => {
    await expect(pylate(own)).rejects.toThrow(`config_sentence_transformers.json: ${message}`);
  });

  test.each([
    ['{}', 'modules.json: "(file)" expected a list of modules, got {}'],
    ['[', 'modules.json: "(file)" expected JSON'],
    ['[7]', 'modules.json: "[0]" expected a module, got 7'],
    ['[{"path":"1_Dense"}]', 'modules.json: "[0]" expected a module with "path" and "type"'],
    [
      json([{ ...transformer, path: '0_Transformer' }, dense]),
      '"path" expected "" for the Transformer, got "0_Transformer"',
    ],
  ])('modules.json %s', async (modules, message) => {
    await expect(read({ 'modules.json': modules })).rejects.toThrow(message);
  });

  test('a similarity that is no dot product, metadata that is no object', async () => {
    await expect(read({ 'artifact.metadata': json({ similarity: 'l2' }) })).rejects.toThrow(
      'artifact.metadata: "similarity" expected "cosine", got "l2"',
    );
    await expect(read({ 'artifact.metadata': '[]' })).rejects.toThrow(
      'artifact.metadata: expected a JSON object',
    );
  });
});
