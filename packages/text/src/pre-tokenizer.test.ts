import { describe, expect, it } from 'vitest';
import { createPreTokenizer } from './pre-tokenizer.js';

const words = (config: object, text: string) => createPreTokenizer(config)(text, true);

// Expected values: Python `tokenizers` 0.23.2.
describe('split behaviours', () => {
  it.each([
    ['Removed', ['a', 'b', 'c'], ['-', '-', '1', '22', '-']],
    ['Isolated', ['-', '-', 'a', '1', 'b', '22', 'c', '-'], ['-', '-', 'a', '1', 'b', '22', 'c', '-']],
    ['MergedWithPrevious', ['-', '-', 'a1', 'b22', 'c-'], ['-', '-a', '1b', '22c', '-']],
    ['MergedWithNext', ['-', '-a', '1b', '22c', '-'], ['-', '-', 'a1', 'b22', 'c-']],
    ['Contiguous', ['--', 'a', '1', 'b', '22', 'c', '-'], ['--', 'a', '1', 'b', '22', 'c', '-']],
  ])('%s', (behavior, straight, inverted) => {
    const config = { type: 'Split', pattern: { Regex: '\\d+|-' }, behavior };
    expect(words(config, '--a1b22c-')).toEqual(straight);
    expect(words({ ...config, invert: true }, '--a1b22c-')).toEqual(inverted);
  });
});

it.each([
  [{ type: 'Punctuation' }, '!!a,b', ['!', '!', 'a', ',', 'b']],
  [{ type: 'Punctuation', behavior: 'Contiguous' }, '!!a,b--c.', ['!!', 'a', ',', 'b', '--', 'c', '.']],
  [{ type: 'Digits', individual_digits: true }, 'a12٣b', ['a', '1', '2', '٣', 'b']],
  [{ type: 'Digits', individual_digits: false }, 'a12٣b', ['a', '12٣', 'b']],
  [{ type: 'Whitespace' }, 'naïve_1 a-b!!é\u200dx\u0085y', ['naïve_1', 'a', '-', 'b', '!!', 'é\u200dx', 'y']],
  [{ type: 'BertPreTokenizer' }, 'a\u0085b,,c ¿d', ['a', 'b', ',', ',', 'c', '¿', 'd']],
  [{ type: 'WhitespaceSplit' }, ' a\u3000b\ufeff ', ['a', 'b\ufeff']],
  [{ type: 'Metaspace', prepend_scheme: 'always' }, ' a  b▁c', ['▁a', '▁', '▁b', '▁c']],
  [{ type: 'Metaspace', add_prefix_space: false }, 'a b', ['a', '▁b']],
  [{ type: 'Metaspace', prepend_scheme: 'first', split: false }, 'a b', ['▁a▁b']],
  [{ type: 'ByteLevel', add_prefix_space: false }, "é it's", ['Ã©', 'Ġit', "'s"]],
  [{ type: 'ByteLevel' }, 'a\u0085\ufeff b', ['Ġa', 'Âħ', 'ï»¿', 'Ġb']],
  [{ type: 'ByteLevel', use_regex: false }, "it's 1", ["Ġit'sĠ1"]],
  [{ type: 'CharDelimiterSplit', delimiter: 'x' }, 'xaxxb', ['a', 'b']],
  [{ type: 'FixedLength', length: 2 }, 'a😀bcé\u0301', ['a😀', 'bc', 'é\u0301']],
])('%j of %j', (config, text, expected) => {
  expect(words(config, text)).toEqual(expected);
});

it('prepends "first" only where the input begins', () => {
  const config = {
    type: 'Sequence',
    pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Metaspace', prepend_scheme: 'first' }],
  };
  expect(words(config, 'a b')).toEqual(['▁a', 'b']);
  expect(words(config, ' a b')).toEqual(['a', 'b']);
  expect(createPreTokenizer(config)('a b', false)).toEqual(['a', 'b']);
});

it.each([
  [{ type: 'UnicodeScripts' }, 'type: expected'],
  [{ type: 'Split', pattern: { String: '-' }, behavior: 'Sideways' }, 'behavior: expected Removed'],
  [{ type: 'Metaspace', prepend_scheme: 'maybe' }, 'prepend_scheme'],
  [{ type: 'Sequence', pretokenizers: 'x' }, 'pretokenizers: expected an array'],
])('refuses %j', (config, message) => {
  expect(() => createPreTokenizer(config)).toThrow(message);
});
