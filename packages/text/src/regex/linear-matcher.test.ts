import { expect, it } from 'vitest';
import { linearMatcher } from './linear-matcher.js';
import { parseRegex, UnsupportedRegexError } from './parse-regex.js';

const ours = (source: string, text: string) =>
  Array.from(linearMatcher(parseRegex(source))(text), (match) => [match.index, match[0]]);
const theirs = (source: string, text: string) =>
  Array.from(text.matchAll(new RegExp(source, 'gu')), (match) => [match.index, match[0]]);

const TEXTS = [
  '',
  'a',
  'ab',
  'aab abb',
  "it's 1234567\r\n\n  x  ",
  '中文👍a👍👍',
  'aaaaaaaaaaaaaaab',
  '\n \n\n a',
];

it.each([
  '',
  'a',
  'a|ab|abb',
  'abb|ab|a',
  'a*',
  'a*?b',
  'a+?',
  '(?:a|b)*b',
  '(?:ab?){2,}',
  'a{2,3}',
  'a{2,3}?',
  'a{2,}?b',
  '^a|b$',
  '\\ba|\\Bb',
  '.',
  '[^a]',
  '\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+',
  '(?=(?:\\d{3})+(?!\\d))',
  '(?<=\\d)(?=(?:\\d{3})+(?!\\d))',
  '(?<=a.?)b',
  '(?<!a+)b',
  '(?<=(?:ab|b)a?)b',
  '(?<=👍)👍',
  '(?=.*b)a',
  '(?!.*b)\\S',
  '(?:(?=a)a|b)+',
  '👍+|.',
  '\\s*[\\r\\n]+|\\s+',
])('%s finds what JavaScript finds', (source) => {
  for (const text of TEXTS) expect(ours(source, text), JSON.stringify(text)).toEqual(theirs(source, text));
});

let state = 20261121;
const random = (below: number) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const pattern = (depth: number): string => {
  switch (random(depth > 0 ? 10 : 3)) {
    case 0:
      return 'a';
    case 1:
      return '[bc]';
    case 2:
      return '.';
    case 3:
    case 4:
      return pattern(depth - 1) + pattern(depth - 1);
    case 5:
      return `(?:${pattern(depth - 1)}|${pattern(depth - 1)})`;
    case 6:
    case 7:
      return `(?:${pattern(depth - 1)})${['*', '+', '*?', '+?', '{1,2}', '?', '??', '{2}', '{2,}?'][random(9)]}`;
    case 8:
      return `(?${['=', '!', '<=', '<!'][random(4)]}${pattern(depth - 1)})`;
    default:
      return ['^', '$', '\\b', '(?:)'][random(4)]!;
  }
};

it('random patterns find what JavaScript finds, or are refused', () => {
  let compared = 0;
  for (let i = 0; i < (process.env.RAG_LONG ? 30_000 : 2000); i++) {
    const source = pattern(4);
    const text = Array.from({ length: random(9) }, () => 'abc '[random(4)]).join('');
    let found: unknown;
    try {
      found = ours(source, text);
    } catch (error) {
      if (error instanceof UnsupportedRegexError) continue;
      throw new Error(`${source} on ${JSON.stringify(text)}`, { cause: error });
    }
    expect(found, `${source} on ${JSON.stringify(text)}`).toEqual(theirs(source, text));
    compared++;
  }
  expect(compared).toBeGreaterThan(1000);
});

it.each([
  '(?:a+)+$',
  '(?:a|a)*b',
  'a*a*a*a*a*a*b',
  '(?:a?){200}a{200}b',
  '(?=(?:a|aa)+$)b',
  '(?<!(?:a|aa)+c)b',
])('%s, on which others hang, ends', (source) => {
  // Where each character doubles the work, this never ends.
  expect(ours(source, `${'a'.repeat(2000)}c`)).toEqual([]);
});

it.each(['(?:a*)*b', '(?:|a)*', '(?:a?){1,2}', '(?:(?=a))+', '(?:.*?)+?'])(
  '%s repeats what can be empty: refused',
  (source) => {
    expect(() => ours(source, '')).toThrow(UnsupportedRegexError);
    expect(() => ours(source, '')).toThrow('a repetition of what can be empty');
  },
);

it('a program that is too long, a text that is too long', () => {
  expect(() => linearMatcher(parseRegex('(?:a{100}){100}'))).toThrow(/more than 4096 steps/);
  const matches = linearMatcher(parseRegex('(?:ab{1000}|c)*d'));
  expect(() => [...matches('x'.repeat(300_000))]).toThrow(
    /expected a text of at most \d+ characters, got 300000/,
  );
});
