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

it.each([[[{ content: 'a' }]], [[{ id: 1 }]], [[5]], [{}], [[{ id: 1, content: 'a', lstrip: 1 }]]])(
  'refuses %j',
  (value) => {
    expect(() => createAddedTokens(value, (text) => text)).toThrow(/^tokenizer\.json added_tokens/);
  },
);
