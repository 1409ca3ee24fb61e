import { describe, expect, it } from 'vitest';
import { type CutVocabularyOptions, countPieces, type VocabularyCut } from './cut-vocabulary.js';
import type { VocabularyFiles } from './cut-vocabulary-files.js';
import { openTokenizer } from './open-tokenizer.js';
import { readFamily } from './testing/family-fixtures.js';
import { wordPieceTokenizerJson } from './word-piece-json.js';

const specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const wordPiece = (...pieces: string[]): VocabularyFiles => ({
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson([...specials, ...pieces], { lowercase: true })),
});
const byte = (name: string, id: number) => ({ id, content: name, special: true, normalized: false });

function cut(files: VocabularyFiles, corpus: readonly string[], options?: CutVocabularyOptions) {
  const counter = countPieces(files);
  for (const text of corpus) counter.add(text);
  return counter.cut(options);
}

/** Every text keeps its ids but for their numbers. */
function expectSame(files: VocabularyFiles, made: VocabularyCut, corpus: readonly string[]): void {
  const [before, after] = [openTokenizer(files), openTokenizer(made.files)];
  for (const text of corpus)
    expect(after.encode(text).input_ids.map((id) => made.ids[id])).toEqual(before.encode(text).input_ids);
  expect(after.vocabSize).toBe(made.ids.length);
}

const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
/** Texts of words over a few letters, some of which the vocabularies below lack. */
function randomTexts(count: number, seed: number, letters = 'abcdx'): string[] {
  const next = random(seed);
  const word = () =>
    Array.from(
      { length: 1 + Math.floor(next() * 7) },
      () => letters[Math.floor(next() * letters.length)],
    ).join('');
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + Math.floor(next() * 4) }, word).join(' '),
  );
}
const substrings = (count: number, seed: number) =>
  [...new Set(randomTexts(count * 3, seed, 'abcd').flatMap((text) => text.split(' ')))]
    .filter((piece) => piece.length > 1 && piece.length < 6)
    .slice(0, count);

describe('WordPiece', () => {
  it('keeps what is used, characters and special tokens', () => {
    const files = wordPiece('a', 'b', '##b', 'abc', 'ab', '##cd', '##d', 'dd', '中');
    const made = cut(files, ['abb 中']);
    expect(
      made.ids.map((id) => [...specials, 'a', 'b', '##b', 'abc', 'ab', '##cd', '##d', 'dd', '中'][id]),
    ).toEqual([...specials, 'a', 'b', '##b', 'ab', '##d', '中']);
    expect(made.before).toBe(14);
    expectSame(files, made, ['abb 中']);
    // What is gone is spelled by what is left.
    expect(openTokenizer(made.files).encode('dd abd').input_ids).toEqual([2, 1, 8, 9, 3]);
  });

  it('an unknown word stays unknown, though shorter pieces would spell it', () => {
    // "ab" and then nothing fits "x"; without "ab" it would be "a" and "##bx".
    const files = wordPiece('a', 'ab', '##bx', 'c', '##y');
    const corpus = ['abx', 'c', 'ybx', 'cbx'];
    const made = cut(files, corpus);
    expect(made.ids).toHaveLength(10);
    expectSame(files, made, corpus);
  });

  it.each([1, 2, 3, 4, 5])('random vocabularies: seed %d', (seed) => {
    const pieces = substrings(60, seed);
    const own = pieces.flatMap((piece, i) => (i % 2 ? [piece] : [piece, `##${piece}`]));
    const files = wordPiece('a', 'b', '##a', '##b', '##c', '##x', ...own);
    const corpus = randomTexts(12, seed + 100);
    const made = cut(files, corpus);
    expect(made.ids.length).toBeLessThan(made.before);
    expectSame(files, made, corpus);
  });

  it('of a vocab.txt alone, with the case that its settings give', () => {
    const vocab = [...specials, 'E', 'e', 'dog', 'dogs'].join('\n');
    const files = { 'vocab.txt': `${vocab}\n`, 'tokenizer_config.json': '{"do_lower_case":false}' };
    const made = cut(files, ['E dog']);
    expect(made.files['vocab.txt']).toBe([...specials, 'E', 'e', 'dog', ''].join('\n'));
    expectSame(files, made, ['E dog']);
  });
});

const bpe = (merges: readonly (readonly [string, string])[], model: object = {}): VocabularyFiles => {
  const pieces = [
    ...new Set([...'abcdx', ...merges.flatMap(([left, right]) => [left, right, left + right])]),
  ];
  return {
    'tokenizer.json': JSON.stringify({
      added_tokens: [byte('<s>', pieces.length + 3)],
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: {
        type: 'RobertaProcessing',
        sep: ['<s>', pieces.length + 3],
        cls: ['<s>', pieces.length + 3],
      },
      model: { type: 'BPE', vocab: Object.fromEntries(pieces.map((p, i) => [p, i])), merges, ...model },
    }),
    'vocab.json': JSON.stringify(Object.fromEntries(pieces.map((p, i) => [p, i]))),
    'merges.txt': `#version: 0.2\n${merges.map((merge) => merge.join(' ')).join('\n')}\n`,
  };
};

describe('BPE', () => {
  it('keeps the merges that a piece is made by, all its ways', () => {
    const merges = [
      ['a', 'b'],
      ['c', 'd'],
      ['ab', 'c'],
      ['ab', 'cd'],
      ['b', 'c'],
      ['a', 'bc'],
    ] as const;
    const files = bpe(merges);
    const made = cut(files, ['abcd']);
    const model = JSON.parse(made.files['tokenizer.json']!).model;
    expect(model.merges).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['ab', 'cd'],
    ]);
    expect(Object.keys(model.vocab)).toEqual(['a', 'b', 'c', 'd', 'x', 'ab', 'cd', 'abcd']);
    expect(JSON.parse(made.files['vocab.json']!)).toEqual(model.vocab);
    expect(made.files['merges.txt']).toBe('#version: 0.2\na b\nc d\nab cd\n');
    expectSame(files, made, ['abcd']);
  });

  it.each([1, 2, 3, 4, 5, 6])('random merges: seed %d', (seed) => {
    const next = random(seed);
    const pieces = [...'abcd'];
    const merges: [string, string][] = [];
    while (merges.length < 80) {
      const pick = () => pieces[Math.floor(next() * pieces.length)]!;
      const [left, right] = [pick(), pick()];
      if (left.length + right.length > 6 || merges.some(([a, b]) => a === left && b === right)) continue;
      merges.push([left, right]);
      pieces.push(left + right);
    }
    const files = bpe(merges, seed % 2 ? { ignore_merges: true } : {});
    const corpus = randomTexts(15, seed + 50);
    const made = cut(files, corpus);
    expect(made.ids.length).toBeLessThan(made.before);
    expectSame(files, made, corpus);
    const after = openTokenizer(made.files);
    for (const text of randomTexts(30, seed + 900, 'abcd'))
      expect(after.encode(text).input_ids.every((id) => id < made.ids.length)).toBe(true);
  });
});

const unigram = (vocab: readonly (readonly [string, number])[]): VocabularyFiles => ({
  'tokenizer.json': JSON.stringify({
    added_tokens: [byte('<unk>', 0), byte('<s>', vocab.length)],
    pre_tokenizer: { type: 'WhitespaceSplit' },
    padding: { pad_id: vocab.length },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [vocab.length], tokens: ['<s>'] } },
    },
    model: { type: 'Unigram', vocab, unk_id: 0 },
  }),
  'tokenizer_config.json': JSON.stringify({ added_tokens_decoder: { [vocab.length]: { content: '<s>' } } }),
  'added_tokens.json': JSON.stringify({ '<s>': vocab.length }),
});

describe('Unigram', () => {
  it('keeps the rarest piece, on which the cost of the unknown rests', () => {
    // "a" unknown and "bc" cost −10 − 30 − 1; "a" and "b" are no pieces, "abc" costs −39.
    const files = unigram([
      ['<unk>', 0],
      ['bc', -1],
      ['abc', -39],
      ['zz', -30],
      ['b', -20],
      ['yy', -25],
    ]);
    const made = cut(files, ['abc']);
    expect(JSON.parse(made.files['tokenizer.json']!).model.vocab).toEqual([
      ['<unk>', 0],
      ['abc', -39],
      ['b', -20],
    ]);
    expectSame(files, made, ['abc']);
    const rare = unigram([
      ['<unk>', 0],
      ['bc', -1],
      ['abc', -39],
      ['zz', -50],
      ['b', -20],
      ['yy', -25],
    ]);
    const kept = cut(rare, ['abc']);
    expect(kept.ids).toEqual([0, 2, 3, 4, 6]);
    expectSame(rare, kept, ['abc']);
  });

  it.each([1, 2, 3, 4, 5, 6])('random scores: seed %d', (seed) => {
    const next = random(seed);
    const pieces = ['<unk>', 'a', 'b', 'c', ...substrings(80, seed)];
    // Few different scores, so that paths tie.
    const files = unigram(pieces.map((piece) => [piece, -1 - Math.floor(next() * 6)]));
    const corpus = randomTexts(15, seed + 70);
    const made = cut(files, corpus);
    expect(made.ids.length).toBeLessThan(made.before);
    expectSame(files, made, corpus);
  });

  it('renumbers every id in the files', () => {
    const files = unigram([
      ['<unk>', 0],
      ['bc', -1],
      ['abc', -39],
      ['b', -20],
    ]);
    const made = cut(files, ['b']);
    expect(made.ids).toEqual([0, 2, 3, 4]);
    const json = JSON.parse(made.files['tokenizer.json']!);
    expect(json.added_tokens.map(({ id }: { id: number }) => id)).toEqual([0, 3]);
    expect(json.padding.pad_id).toBe(3);
    expect(json.post_processor.special_tokens['<s>'].ids).toEqual([3]);
    expect(made.files['tokenizer_config.json']).toBe('{"added_tokens_decoder":{"3":{"content":"<s>"}}}');
    expect(made.files['added_tokens.json']).toBe('{"<s>":3}');
  });
});

interface ByteLevelModel {
  readonly vocab: Record<string, number>;
  readonly merges: readonly (string | readonly string[])[];
}

describe('files beside tokenizer.json count as they do for the tokenizer', () => {
  const { tokenizer } = readFamily('roberta');
  const corpus = ['hello world', 'the sky', ' the sky is blue', 'why<extra>the', 'x<extra>y'];
  const { vocab, merges } = (tokenizer as unknown as { model: ByteLevelModel }).model;
  const older = {
    'vocab.json': JSON.stringify(vocab),
    'merges.txt': merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))).join('\n'),
  };
  it.each([
    ['a space before every text', { tokenizer_class: 'RobertaTokenizer', add_prefix_space: true }, {}],
    ['special tokens that it adds', { additional_special_tokens: ['<extra>'] }, {}],
    [
      'special tokens of special_tokens_map.json',
      {},
      { 'special_tokens_map.json': '{"additional_special_tokens":["<extra>"]}' },
    ],
  ])('%s', (_, config, beside) => {
    const files = {
      'tokenizer.json': JSON.stringify(tokenizer),
      'tokenizer_config.json': JSON.stringify(config),
      ...beside,
    };
    expectSame(files, cut(files, corpus), corpus);
  });

  it('vocab.json and merges.txt alone', () => {
    const files = { ...older, 'tokenizer_config.json': '{"tokenizer_class":"RobertaTokenizer"}' };
    expectSame(files, cut(files, corpus), corpus);
  });
});

describe('what stays beside the texts', () => {
  const files = wordPiece('a', 'b', 'abc', 'dogs', '##cd');
  it('pieces of a count, tokens and ids that are asked for', () => {
    expect(cut(files, ['abc dogs', 'dogs'], { minCount: 2 }).ids).toEqual([0, 1, 2, 3, 4, 5, 6, 8]);
    expect(cut(files, [], { keepTokens: ['dogs', 'nothing'], keepIds: [9, 12] }).ids).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6, 8, 9, 12],
    ]);
    expect(() => cut(files, [], { minCount: 0 })).toThrow('minCount: expected a whole number from 1, got 0');
    expect(() => cut(files, [], { keepIds: [0.5] })).toThrow(RangeError);
  });

  it('lower-cases first where a model does', () => {
    const cased = {
      'tokenizer.json': JSON.stringify(
        wordPieceTokenizerJson([...specials, 'dog', 'Dog'], { lowercase: false }),
      ),
    };
    for (const lowercase of [false, true]) {
      const counter = countPieces(cased, { lowercase });
      counter.add('Dog');
      expect(counter.cut().ids.at(-1)).toBe(lowercase ? 5 : 6);
    }
  });
});
