import { expect, it } from 'vitest';
import { tokenTexts } from './token-texts.js';

it('reads maps, lists and vocab.txt; marks of word beginnings are taken off', () => {
  const json = (vocab: unknown, added: unknown[] = []) =>
    tokenTexts({ 'tokenizer.json': JSON.stringify({ model: { vocab }, added_tokens: added }) });
  const pieces = json({ cat: 0, '##s': 1 }, [{ id: 2, content: '[CLS]' }]);
  expect([0, 1, 2, 3].map(pieces)).toEqual(['cat', 's', '[CLS]', '#3']);
  const unigram = json([
    ['▁the', -1],
    ['▁', -2],
  ]);
  expect([0, 1].map(unigram)).toEqual(['the', '␣']);
  expect(tokenTexts({ 'vocab.txt': 'a\n##b' })(1)).toBe('b');
});
