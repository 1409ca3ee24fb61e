import { bytesSink, bytesSource, DataError, openTeacherVectors, writeTeacherVectors } from '@rag/data';
import { ConfigError, FileSourceError, memorySource, PytorchFileError, SafetensorsError } from '@rag/models';
import { campaign, mutateBytes, mutateJson, pick, type Random } from '@rag/models/testing';
import { openTokenizer, TokenizerError } from '@rag/text';
import { expect, test } from 'vitest';
import { readEmbeddingFiles } from './embedding-files.js';
import { tinyConfig, tinyTokenizerFiles } from './testing/tiny.js';
import { tinyCheckpoint } from './testing/tiny-checkpoint.js';

const SEED = 20261121;
/** A long campaign takes minutes. */
const TIMEOUT = 3_600_000;

test('the files of a sentence-transformers directory', { timeout: TIMEOUT }, async () => {
  const config = tinyConfig();
  const files = await tinyCheckpoint({
    settings: { prompts: { query: 'query: ' }, default_prompt_name: 'query' },
  });
  const names = Object.keys(files).filter(
    (name) => name.endsWith('.json') && !/^(tokenizer|config\.json)/.test(name),
  );
  expect(names.length).toBeGreaterThan(4);
  const report = await campaign({
    format: 'modules',
    seed: SEED,
    mutant: (random) => {
      // modules.json half of the time.
      const name = pick(random, ['modules.json', pick(random, names)]);
      return { ...files, [name]: mutateJson(files[name] as string, random) };
    },
    open: (damaged) => readEmbeddingFiles(memorySource(damaged), config),
    errors: [ConfigError, FileSourceError, PytorchFileError, SafetensorsError],
  });
  expect(report.read).toBeGreaterThan(0);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(15);
});

const special = (content: string, id: number) => ({ id, content, special: true, normalized: false });
const LETTERS = ['▁', ...'abcdefgh ĠĊ'];
const TOKENIZERS = [
  tinyTokenizerFiles['tokenizer.json'],
  // As Llama 3, Qwen2 and RoBERTa: byte-level BPE behind a pattern.
  {
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: { Regex: "'s|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\s+(?!\\S)|\\s+" },
          behavior: 'Isolated',
          invert: false,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: { type: 'RobertaProcessing', cls: ['<s>', 20], sep: ['</s>', 21] },
    added_tokens: [special('<s>', 20), special('</s>', 21)],
    model: {
      type: 'BPE',
      vocab: Object.fromEntries([...LETTERS, 'ab', 'Ġa'].map((piece, id) => [piece, id])),
      merges: ['a b', ['Ġ', 'a']],
      byte_fallback: false,
    },
  },
  // As XLM-R: Unigram behind a precompiled charsmap.
  {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Precompiled', precompiled_charsmap: btoa(`\0\x04\0\0${'\0'.repeat(1024)}x\0`) },
        { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
        { type: 'Strip', strip_left: true, strip_right: true },
      ],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
    },
    added_tokens: [special('<s>', 0), { ...special('<mask>', 30), lstrip: true, normalized: true }],
    model: {
      type: 'Unigram',
      unk_id: 1,
      byte_fallback: true,
      vocab: ['<s>', '<unk>', ...LETTERS, 'ab', '▁a'].map((piece, id) => [piece, -id]),
    },
  },
  // As Llama 2.
  {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      vocab: Object.fromEntries(['<unk>', ...LETTERS, 'ab'].map((piece, id) => [piece, id])),
      merges: ['a b'],
    },
  },
].map((json) => (typeof json === 'string' ? json : JSON.stringify(json)));

const TEXTS = ['', 'ab  ba\n\tcafé', '中文 <mask> 👍🏽 \ud800', `${'a'.repeat(300)} ${' '.repeat(50)}!`];

/** Patterns of loops in loops, lookarounds and alternatives that overlap. */
function nastyPattern(random: Random, depth: number): string {
  const inner = () => nastyPattern(random, depth - 1);
  switch (random(depth > 0 ? 8 : 2)) {
    case 0:
    case 1:
      return pick(random, [
        'a',
        '.',
        '\\s',
        '\\p{L}',
        '[^b]',
        '\\w',
        ' ',
        '\\S',
        '(?i:ab)',
        '\\R',
        '\\h',
        '[[:alpha:]]',
      ]);
    case 2:
    case 3:
      return inner() + inner();
    case 4:
      return `(?:${inner()}|${inner()})`;
    case 5:
      return `(${pick(random, ['', '?=', '?!', '?<=', '?<!', '?>'])}${inner()})`;
    default:
      return `(?:${inner()})${pick(random, ['*', '+', '?', '*?', '+?', '++', '{2,}', '{1,9}', '{30}', '{0,1000}', '{500,}'])}`;
  }
}

test('patterns of tokenizer.json', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'pattern',
    seed: SEED,
    mutant: (random) => {
      const pattern = {
        Regex: nastyPattern(random, 1 + random(5)) + pick(random, ['', '', 'b', '$', '\\0']),
      };
      const split = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
      const replace = { type: 'Replace', pattern, content: 'x' };
      const json = JSON.parse(pick(random, TOKENIZERS)) as Record<string, unknown>;
      return JSON.stringify(
        pick(random, [
          { ...json, pre_tokenizer: split },
          { ...json, normalizer: replace },
        ]),
      );
    },
    open: (json) => {
      const tokenizer = openTokenizer({ 'tokenizer.json': json });
      for (const text of TEXTS) tokenizer.encodePieces(text);
    },
    errors: [TokenizerError],
  });
  expect(report.read).toBeGreaterThan(100);
  expect(report.refused).toBeGreaterThan(20);
});

test('tokenizer.json', { timeout: TIMEOUT }, async () => {
  const encode = (json: string) => {
    const tokenizer = openTokenizer({ ...tinyTokenizerFiles, 'tokenizer.json': json });
    for (const text of TEXTS) {
      tokenizer.encode(text, { maxLength: 64 });
      tokenizer.encodePair(text, 'ab cd', { maxLength: 64 });
    }
  };
  const bare = (json: string) => openTokenizer({ 'tokenizer.json': json }).encodePieces(TEXTS[1]!);
  for (const json of TOKENIZERS) bare(json);
  const report = await campaign({
    format: 'tokenizer.json',
    seed: SEED,
    mutant: (random) => ({
      json: mutateJson(pick(random, TOKENIZERS), random),
      open: pick(random, [encode, bare, bare]),
    }),
    open: ({ json, open }) => open(json),
    errors: [TokenizerError],
  });
  expect(report.read).toBeGreaterThan(0);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(20);
});

test.each(['npy', 'ragvec'] as const)('teacher vectors: %s', { timeout: TIMEOUT }, async (format) => {
  const texts = ['a', 'b', 'c'];
  const file = async (dtype: 'float32' | 'float16') => {
    const sink = bytesSink('v');
    await writeTeacherVectors(sink, [{ vectors: new Float32Array(12).fill(0.5), texts }], {
      width: 4,
      format,
      dtype,
    });
    return sink.bytes().slice();
  };
  const sound = [await file('float32'), await file('float16')];
  const report = await campaign({
    format,
    seed: SEED,
    mutant: (random) => mutateBytes(pick(random, sound), random),
    open: async (bytes) => {
      const vectors = await openTeacherVectors(bytesSource('v', bytes));
      await vectors.read(Array.from({ length: Math.min(vectors.rows, 1000) }, (_, row) => row));
      await vectors.textHash?.(vectors.rows - 1);
    },
    errors: [DataError],
  });
  expect(report.read).toBeGreaterThan(0);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(8);
});
