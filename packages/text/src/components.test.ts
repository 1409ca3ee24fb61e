import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createNormalizer } from './normalizer.js';
import { createPreTokenizer } from './pre-tokenizer.js';
import { withCharsmap } from './testing/family-fixtures.js';

/** A file that scripts/golden/text-families.py wrote with Python's `tokenizers`. */
const golden = JSON.parse(readFileSync(new URL('./fixtures/components.json', import.meta.url), 'utf8')) as {
  strings: string[];
  normalizers: [config: object, texts: string[]][];
  pre_tokenizers: [config: object, words: string[][]][];
};

it.each(golden.normalizers)('normalizer %j', (config, expected) => {
  const normalizer = createNormalizer(withCharsmap(config));
  expect(golden.strings.map(normalizer)).toEqual(expected);
});

it.each(golden.pre_tokenizers)('pre-tokenizer %j', (config, expected) => {
  const preTokenizer = createPreTokenizer(config);
  expect(golden.strings.map((text) => preTokenizer(text, true))).toEqual(expected);
});
