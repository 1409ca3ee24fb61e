import { expect, test } from 'vitest';
import { openTokenizer } from './open-tokenizer.js';
import { wordPieceTokenizerJson } from './word-piece-json.js';

const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'moon'];
const files = {
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
  'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true }),
};

test('tokenizer.json decides', () => {
  const tokenizer = openTokenizer({ ...files, 'vocab.txt': '[PAD]\n[UNK]' });
  expect(tokenizer.vocabSize).toBe(7);
  expect(tokenizer.encodePieces('the moon')).not.toContain(tokenizer.unkId);
});

test('vocab.txt serves where it is missing', () => {
  const tokenizer = openTokenizer({ 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nmoon\n' });
  expect(tokenizer.encodePieces('Moon')).toEqual([5]);
});

test.each(['tokenizer.json', 'tokenizer_config.json'] as const)('%s that is not JSON is an error', (name) => {
  expect(() => openTokenizer({ ...files, [name]: '{"version": ' })).toThrow(
    new RegExp(`^${name.replace('.', '\\.')}: expected JSON, got .* — fetch the file again$`),
  );
});

test('no tokenizer file is an error', () => {
  expect(() => openTokenizer({})).toThrow('expected tokenizer.json or vocab.txt, got neither');
});

test('reads the older files and the template beside them', () => {
  const vocab = { '<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, '<mask>': 4, a: 5, b: 6, ab: 7 };
  const older = {
    'vocab.json': JSON.stringify(vocab),
    'merges.txt': '#version: 0.2\na b\n',
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'RobertaTokenizer' }),
    'special_tokens_map.json': JSON.stringify({ bos_token: '<s>' }),
    'chat_template.jinja': '{{ bos_token }}{{ messages[0].content }}',
  };
  const tokenizer = openTokenizer(older);
  expect(tokenizer.encode('aba').input_ids).toEqual([0, 7, 5, 2]);
  expect(tokenizer.applyChatTemplate([{ role: 'user', content: 'ab' }])).toBe('<s>ab');
});
