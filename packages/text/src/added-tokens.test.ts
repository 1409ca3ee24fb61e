import { expect, it } from 'vitest';
import { createAddedTokens } from './added-tokens.js';

const tokens = createAddedTokens(
  [
    { id: 3, content: 'FOO', normalized: true },
    { id: 4, content: 'bar', single_word: true, normalized: false },
    { id: 5, content: '<m>', lstrip: true, normalized: false },
    { id: 6, content: '<r>', rstrip: true, normalized: false },
    { id: 7, content: '<mm>', special: true },
    { id: 8, content: '<mmx', special: true },
  ],
  (text) => text.toLowerCase(),
);
const split = (text: string) => tokens.splitRaw(text).map((section) => section.id ?? section.text);

// Expected values: Python `tokenizers` 0.23.2.
it.each([
  ['xbar bar', ['xbar ', 4]],
  ['bar.bar_ bar', [4, '.bar_ ', 4]],
  ['a  <m> b', ['a', 5, ' b']],
  ['a <r>  b', ['a ', 6, 'b']],
  ['<mm><mmx', [7, 8]],
  ['FOO', ['FOO']],
  ['', []],
])('splits raw %j', (text, expected) => {
  expect(split(text)).toEqual(expected);
});

it('finds normalized tokens in normalized text and keeps offsets', () => {
  expect(tokens.splitNormalized('a foob')).toEqual([
    { text: 'a ', start: 0, id: undefined },
    { text: 'foo', start: 2, id: 3 },
    { text: 'b', start: 5, id: undefined },
  ]);
  expect(tokens.ids.get('FOO')).toBe(3);
});

it('finds no token in a half of a character', () => {
  const halves = createAddedTokens(
    ['\ud83d', '\udc4d', 'x\ud83d', '👍'].map((content, id) => ({ id, content, special: true })),
    (text) => text,
  );
  const found = (text: string) => halves.splitRaw(text).map((section) => section.id ?? section.text);
  expect(found('a👍b')).toEqual(['a', 3, 'b']);
  expect(found('x👎')).toEqual(['x👎']);
  expect(found('x\ud83d.')).toEqual([2, '.']);
});

it('ends soon for tens of thousands of tokens that begin alike, and for long runs of spaces', () => {
  const many = createAddedTokens(
    Array.from({ length: 20_000 }, (_, id) => ({
      id,
      content: `${'a'.repeat(1 + (id % 900))}${id.toString(36)}z`,
      special: true,
    })),
    (text) => text,
  );
  const text = `${'a'.repeat(20_000)}${' '.repeat(200_000)}`;
  expect(many.splitRaw(text)).toEqual([{ text, start: 0, id: undefined }]);
  const spaces = ' '.repeat(200_000);
  expect(split(`a${spaces}b<m>`)).toEqual([`a${spaces}b`, 5]);
});

it.each([[[{ content: 'a' }]], [[{ id: 1 }]], [[5]], [{}], [[{ id: 1, content: 'a', lstrip: 1 }]]])(
  'refuses %j',
  (value) => {
    expect(() => createAddedTokens(value, (text) => text)).toThrow(/^tokenizer\.json added_tokens/);
  },
);
