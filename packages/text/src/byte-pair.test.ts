import native from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { createBytePair } from './byte-pair.js';
import { Tokenizer } from './tokenizer.js';

/** mulberry32. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A model of random merges over random pieces, in the shape of a tokenizer.json. */
function randomModel(below: (n: number) => number, base: readonly string[], options: object) {
  const { continuing_subword_prefix: prefix = '', end_of_word_suffix: suffix = '' } = options as Record<
    string,
    string
  >;
  const pieces = base.flatMap((piece) => [
    ...new Set([piece, prefix + piece, piece + suffix, prefix + piece + suffix]),
  ]);
  const vocab: Record<string, number> = { '<unk>': 0 };
  const add = (piece: string) => {
    vocab[piece] ??= Object.keys(vocab).length;
  };
  for (const piece of pieces) if (below(8) > 0) add(piece);
  const merges: [string, string][] = [];
  for (let i = 0; i < 60; i++) {
    const known = Object.keys(vocab).slice(1);
    const left = known[below(known.length)]!;
    const rights = known.filter((piece) => piece.startsWith(prefix) && piece.length > prefix.length);
    const right = rights[below(rights.length)];
    if (right === undefined || left.length + right.length > 12) continue;
    merges.push([left, right]);
    add(left + right.slice(prefix.length));
  }
  return { type: 'BPE', dropout: null, unk_token: '<unk>', ...options, vocab, merges };
}

async function differing(tokenizerJson: object, texts: string[]): Promise<string[]> {
  const ours = Tokenizer.fromFiles({ tokenizerJson });
  const theirs = native.Tokenizer.fromString(JSON.stringify(tokenizerJson));
  const expected = (await theirs.encodeBatch(texts)).map((encoding) => encoding.getIds().join());
  return texts.filter((text, i) => ours.encode(text).input_ids.join() !== expected[i]);
}

const shell = { version: '1.0', added_tokens: [], normalizer: null, post_processor: null, decoder: null };
const randomText = (below: (n: number) => number, characters: readonly string[], most: number) =>
  Array.from({ length: below(most) + 1 }, () => characters[below(characters.length)]).join('');

describe('the ids of the native tokenizers', () => {
  const letters = ['a', 'b', 'c', '中', '文', '𠀀', '▁'];
  const bytes = Array.from('é中', (character) => [...new TextEncoder().encode(character)])
    .flat()
    .map((byte) => `<0x${byte.toString(16).toUpperCase()}>`);
  it.each<[string, object, string[]]>([
    ['plain', {}, []],
    ['no unknown token', { unk_token: null }, []],
    ['fused unknowns', { fuse_unk: true }, []],
    ['byte fallback', { byte_fallback: true }, bytes],
    ['byte fallback, fused', { byte_fallback: true, fuse_unk: true }, bytes],
    ['whole words first', { ignore_merges: true }, []],
    ['a prefix', { continuing_subword_prefix: '##' }, []],
    ['a suffix', { end_of_word_suffix: '</w>' }, []],
    ['both', { continuing_subword_prefix: '@', end_of_word_suffix: '</w>', fuse_unk: true }, []],
    [
      'both, with byte fallback',
      { continuing_subword_prefix: 'é', end_of_word_suffix: '中', byte_fallback: true },
      bytes,
    ],
  ])('%s', async (_, options, more) => {
    for (let seed = 1; seed <= 12; seed++) {
      const below = generator(seed);
      const model = randomModel(below, [...letters, ...more], options);
      const texts = Array.from({ length: 40 }, () => randomText(below, [...letters, 'é', '?', ' '], 40));
      texts.push(randomText(below, letters, 3000));
      const tokenizer = { ...shell, model, pre_tokenizer: { type: 'WhitespaceSplit' } };
      expect(await differing(tokenizer, texts), `seed ${seed}`).toEqual([]);
    }
  });

  const split = { type: 'Split', pattern: { Regex: '\\p{L}+' }, behavior: 'Isolated', invert: false };
  it.each<[string, object, object]>([
    ['ByteLevel', {}, { type: 'ByteLevel', trim_offsets: true, add_prefix_space: true, use_regex: true }],
    [
      'ByteLevel by default',
      {},
      { type: 'ByteLevel', trim_offsets: true, add_prefix_space: false, use_regex: true },
    ],
    [
      'ByteLevel without words',
      {},
      { type: 'ByteLevel', trim_offsets: true, add_prefix_space: false, use_regex: false },
    ],
    [
      'Split, then ByteLevel',
      { ignore_merges: true },
      {
        type: 'Sequence',
        pretokenizers: [
          split,
          { type: 'ByteLevel', trim_offsets: true, add_prefix_space: false, use_regex: false },
        ],
      },
    ],
    [
      'Split, then a space for each',
      { fuse_unk: true },
      {
        type: 'Sequence',
        pretokenizers: [
          split,
          { type: 'ByteLevel', trim_offsets: true, add_prefix_space: true, use_regex: false },
        ],
      },
    ],
    [
      'ByteLevel of characters',
      { end_of_word_suffix: 'Ġ' },
      { type: 'ByteLevel', trim_offsets: true, add_prefix_space: true, use_regex: true },
    ],
  ])('%s', async (_, options, pre_tokenizer) => {
    // Ġ is a space; ä, ¸, Ń the bytes of 中, Ã and © those of é, ðŁĺĢ those of an emoji.
    const base = ['a', 'b', 'Ġ', 'ä', '¸', 'Ń', 'Ã', '©', 'ð', 'Ł', 'ĺ', 'Ģ', "'", 's'];
    const characters = ['a', 'b', ' ', '中', 'é', '😀', "'s", '\n', '1', '߷', '\x00'];
    for (let seed = 1; seed <= 12; seed++) {
      const below = generator(seed);
      const model = randomModel(below, base, options);
      const texts = Array.from({ length: 40 }, () => randomText(below, characters, 30));
      texts.push(randomText(below, ['中', 'a', '😀'], 1000));
      expect(await differing({ ...shell, model, pre_tokenizer }, texts), `seed ${seed}`).toEqual([]);
    }
  });
});

const model = (options: object) => ({
  type: 'BPE',
  vocab: { a: 0, b: 1, ab: 2 },
  merges: ['a b'],
  ...options,
});
const create = (options: object) => {
  const config = model(options);
  return createBytePair(config, new Map(Object.entries(config.vocab)), 'model', false);
};

it.each([
  [{ dropout: 0.1 }, 'model.dropout: expected null, got 0.1 — ids would be drawn at random'],
  [{ dropout: 'x' }, 'model.dropout: expected null'],
  [{ merges: ['a c'] }, 'model.merges[0]: expected pieces of the vocabulary, got "c"'],
  [{ merges: ['a b', 'b a'] }, 'model.merges[1]: expected pieces of the vocabulary, got "ba"'],
  [{ end_of_word_suffix: 'x'.repeat(65) }, 'end_of_word_suffix: expected at most 64 characters'],
])('refuses %j', (options, message) => {
  expect(() => create(options)).toThrow(message);
});

it('asks for its unknown token when it is needed', () => {
  const out: number[] = [];
  const bpe = create({ unk_token: '<unk>', dropout: 0 });
  bpe.encode(['ab'], out);
  expect(out).toEqual([2]);
  expect(() => bpe.encode(['x'], out)).toThrow(
    'model.unk_token: expected a token of the vocabulary, got "<unk>"',
  );
  // Nothing of the word that failed is left for the next.
  bpe.encode(['ab'], out);
  expect(out).toEqual([2, 2]);
});
