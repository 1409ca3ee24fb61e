import { expect, test } from 'vitest';
import { checkSpecialTokens } from './special-tokens.js';

test('special tokens are those of the tokenizer', () => {
  const tokenizer = { tokenToId: (token: string) => (token === '<query>' ? 7 : undefined) };
  checkSpecialTokens(undefined, tokenizer);
  checkSpecialTokens(['<query>'], tokenizer);
  expect(() => checkSpecialTokens(['<instruct>', '<query>'], tokenizer)).toThrow(
    'additional_special_tokens: expected tokens of the model’s tokenizer, got <instruct> — leave out',
  );
});
