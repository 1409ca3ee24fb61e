import { expect, it } from 'vitest';
import {
  cjkClass,
  nonspacingMarkClass,
  otherClass,
  punctuationClass,
  wellFormed,
  whitespaceClass,
  wordClass,
} from './unicode.js';

it.each([
  ['other', otherClass, '\u0000\u007f\u00ad\u200d\ufffd\ue000', '\t\n\r a'],
  ['punctuation', punctuationClass, '!$+^`~¿。', 'a1 €\u0301'],
  ['non-spacing mark', nonspacingMarkClass, '\u0301\u05b0', 'é\u0903'],
  ['whitespace', whitespaceClass, ' \t\u0085\u3000', '\ufeff\u200ba'],
  ['CJK', cjkClass, '中㐀豈𠀀', 'あ가aＡ'],
  ['word', wordClass, 'aé_1中\u200d', ' -²'],
])('%s class holds what it should', (_, body, members, others) => {
  const pattern = new RegExp(`^[${body}]$`, 'u');
  expect([...members].filter((char) => !pattern.test(char))).toEqual([]);
  expect([...others].filter((char) => pattern.test(char))).toEqual([]);
});

it('replaces lone surrogates only', () => {
  expect(wellFormed('a\ud800b\udc00\ud83d\ude00')).toBe('a\ufffdb\ufffd😀');
});
