import { expect, it } from 'vitest';
import { backtracksLittle } from './backtracks-little.js';
import { parseRegex } from './parse-regex.js';

it.each([
  ['one character', '\\p{N}'],
  ['two spaces and more', ' {2,}'],
  ['GPT-2', "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"],
  [
    'Llama 3 and Qwen2',
    "(?:'[sS]|'[tT]|'[rR][eE])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
  [
    'GPT-4o',
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{M}]*[\\p{Ll}\\p{M}]+(?:'[sS]|'[tT])?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{M}]+[\\p{Ll}\\p{M}]*(?:'[sS]|'[tT])?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
  [
    'DeepSeek',
    '[!"#]?[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  ],
])('%s runs as it is', (_, source) => {
  expect(backtracksLittle(parseRegex(source))).toBe(true);
});

it.each([
  '(?:a+)+$',
  '(?:a|a)*b',
  '(?:.*)*x',
  'a*a*b',
  '.*x',
  'x*?y',
  '(?:a?){30}a{30}',
  '(?:a?b?){30}',
  'a?a?a?a?a?a?a?a?a?a?a?a?a?b',
  '(?:a|b|c|d|e|f|g|h)(?:a|b|c|d|e|f|g|h)(?:a|b|c|d|e|f|g|h)(?:a|b|c|d|e|f|g|h)(?:a|b|c|d|e|f|g|h)x',
  '(?=(?:\\d{3})+(?!\\d))',
  '(?<=a*)b',
  '\\s+(?!\\S)',
  '\\s+(?!\\S)|\\s',
  '\\s*[\\r\\n]+|\\s+?',
  '\\s*[\\r\\n]+x|\\s+',
  '[ab]*c+|[a]+',
])('%s does not', (source) => {
  expect(backtracksLittle(parseRegex(source))).toBe(false);
});
