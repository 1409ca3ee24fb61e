import { expect, it } from 'vitest';
import { createNormalizer } from './normalizer.js';

// Expected values: Python `tokenizers` 0.23.2.
it.each([
  [{ type: 'Strip' }, '\u0085 a \ufeff', 'a \ufeff'],
  [{ type: 'Lowercase' }, 'ΑΣ İ', 'ασ i\u0307'],
  [{ type: 'StripAccents' }, 'e\u0301é', 'eé'],
  [{ type: 'Replace', pattern: { Regex: ' {2,}' }, content: '$&' }, 'a   b', 'a$&b'],
  [{ type: 'Prepend', prepend: '▁' }, '', ''],
  [{ type: 'BertNormalizer' }, 'A\u0085\tÉ\u200d𠀀', 'a e 𠀀 '],
  [{ type: 'BertNormalizer', lowercase: false }, 'É中', 'É 中 '],
  [{ type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] }, 'ＡB', 'ab'],
  [null, ' A ', ' A '],
])('%j of %j', (config, text, expected) => {
  expect(createNormalizer(config)(text)).toBe(expected);
});

it('refuses what it cannot reproduce, naming the place', () => {
  const nested = { type: 'Sequence', normalizers: [{ type: 'Nmtx' }] };
  expect(() => createNormalizer(nested)).toThrow('tokenizer.json normalizer.normalizers[0].type: expected');
  expect(() => createNormalizer({ type: 'BertNormalizer', lowercase: 'no' })).toThrow(
    '.lowercase: expected true or false',
  );
  let deep: object = { type: 'NFC' };
  for (let i = 0; i < 20; i += 1) deep = { type: 'Sequence', normalizers: [deep] };
  expect(() => createNormalizer(deep)).toThrow('nested');
});

it('refuses texts that grow without end', () => {
  const replace = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
  const doublings = { type: 'Sequence', normalizers: Array(60).fill(replace) };
  expect(() => createNormalizer(doublings)('a')).toThrow('a text that becomes at most 64 times as long');
  const long = { ...replace, content: 'a'.repeat(60_000) };
  expect(() => createNormalizer(long)('a'.repeat(200_000))).toThrow('at most 64 times as long');
  expect(createNormalizer(long)('a')).toHaveLength(60_000);
  const bytes = { type: 'Sequence', normalizers: Array(60).fill({ type: 'ByteLevel' }) };
  expect(() => createNormalizer(bytes)('é')).toThrow('at most 64 times as long');
});
