import { readFileSync } from 'node:fs';
import { openTokenizer, type TokenizerTexts } from '@rag/text';
import { describe, expect, it } from 'vitest';
import { eosTokenizer } from './eos-tokenizer.js';

const read = (name: string) => readFileSync(new URL(`./fixtures/gte-qwen2/${name}`, import.meta.url), 'utf8');
const json: Record<string, unknown> = JSON.parse(read('tokenizer.json'));
const settings: Record<string, unknown> = JSON.parse(read('tokenizer_config.json'));
const qwen2 = { model_type: 'qwen2' } as const;
const filesOf = (post_processor: unknown, changes: object = {}): TokenizerTexts => ({
  'tokenizer.json': JSON.stringify({ ...json, post_processor }),
  'tokenizer_config.json': JSON.stringify({ ...settings, ...changes }),
});
const offsets = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true };
const templateOf = (...pieces: string[]) => ({
  type: 'TemplateProcessing',
  single: pieces.map((id) =>
    id === 'A' ? { Sequence: { id, type_id: 0 } } : { SpecialToken: { id, type_id: 0 } },
  ),
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: {
    '<s>': { id: '<s>', ids: [396], tokens: ['<s>'] },
    '<|endoftext|>': { id: '<|endoftext|>', ids: [393], tokens: ['<|endoftext|>'] },
  },
});
const endings = (files: TokenizerTexts) => {
  const tokenizer = openTokenizer(files);
  const pieces = tokenizer.encodePieces('the sky');
  const ids = tokenizer.encode('the sky').input_ids;
  const at = ids.indexOf(pieces[0]!);
  expect(ids.slice(at, at + pieces.length)).toEqual(pieces);
  return [ids.slice(0, at), ids.slice(at + pieces.length)];
};

describe('eosTokenizer', () => {
  it.each([
    ['no post-processor', null, []],
    ['offsets alone', offsets, []],
    ['a sequence of offsets', { type: 'Sequence', processors: [offsets] }, []],
    ['a template', templateOf('<s>', 'A'), [396]],
    [
      'a sequence with a template',
      { type: 'Sequence', processors: [offsets, templateOf('<s>', 'A')] },
      [396],
    ],
  ])('puts the token behind texts of %s', (_, processor, before) => {
    const files = eosTokenizer(filesOf(processor), qwen2);
    expect(endings(files)).toEqual([before, [393]]);
    const tokenizer = openTokenizer(files);
    expect(tokenizer.encode('again and again', { maxLength: before.length + 2 }).input_ids.at(-1)).toBe(393);
    // Doing it twice adds nothing.
    expect(eosTokenizer(files, qwen2)).toBe(files);
  });

  it('leaves files that have it, that do not ask, and those of encoders', () => {
    for (const [files, model] of [
      [filesOf(templateOf('A', '<|endoftext|>')), qwen2],
      [filesOf(offsets, { add_eos_token: false }), qwen2],
      [filesOf(offsets, { add_eos_token: undefined }), qwen2],
      [filesOf(offsets), { model_type: 'bert' }],
      [{ 'vocab.txt': 'a' }, qwen2],
    ] as const)
      expect(eosTokenizer(files, model)).toBe(files);
  });

  it('refuses a token that is none, and a post-processor without a template', () => {
    expect(() => eosTokenizer(filesOf(offsets, { eos_token: null }), qwen2)).toThrow(
      /tokenizer_config.json: "eos_token" expected one token of the vocabulary/,
    );
    const roberta = { type: 'RobertaProcessing', cls: ['<s>', 396], sep: ['</s>', 397] };
    expect(() => eosTokenizer(filesOf(roberta), qwen2)).toThrow(
      /tokenizer.json: "post_processor.type" expected TemplateProcessing/,
    );
  });
});
