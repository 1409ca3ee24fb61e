import { expect, it } from 'vitest';
import { TokenizerError } from '../errors.js';
import { openTokenizer } from '../open-tokenizer.js';
import { answerOf, encodeTexts, errorOf, textsOf } from './encoded-texts.js';

it('puts texts behind one another, and finds them again', () => {
  const tokenizer = openTokenizer({
    'vocab.txt': ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a'].join('\n'),
  });
  const encoded = encodeTexts(tokenizer, ['a a', '', 'a a a'], { maxLength: 4 });
  expect([...encoded.input_ids]).toEqual([2, 5, 5, 3, 2, 3, 2, 5, 5, 3]);
  expect(textsOf(encoded).map(({ input_ids, truncated }) => [input_ids.length, truncated])).toEqual([
    [4, 0],
    [2, 0],
    [4, 1],
  ]);
  expect(textsOf(encodeTexts(tokenizer, [], {}))).toEqual([]);
});

it('carries errors as they are', () => {
  const cause = new RangeError('inner');
  const error = new TokenizerError('w', 'e', 'g', 'a', { cause });
  const there = structuredClone(answerOf(1, error)) as { id: number; error: unknown };
  const back = errorOf(there) as TokenizerError;
  expect(back).toBeInstanceOf(TokenizerError);
  expect([back.message, back.where, (back.cause as Error).message]).toEqual([error.message, 'w', 'inner']);
  expect(errorOf({ id: 1, error: cause })).toBe(cause);
});
