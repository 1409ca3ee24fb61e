import { expect, test } from 'vitest';
import { countScripts, formatScripts, type ScriptCounts } from './script.js';

const scripts = (text: string, most?: number): ScriptCounts => {
  const counts: ScriptCounts = {};
  countScripts(text, counts, most);
  return counts;
};

test('letters of each script; digits, signs and blanks belong to none', () => {
  expect(scripts('北京 Zürich 2026!')).toEqual({ Han: 2, Latin: 6 });
  expect(scripts('ひらカタ 한글 Привет λ سلام שלום नमस ไทย')).toEqual({
    ...{ Kana: 4, Hangul: 2, Cyrillic: 6, Greek: 1, Arabic: 4, Hebrew: 4, Devanagari: 3, Thai: 3 },
  });
  expect(scripts('')).toEqual({});
});

test('characters beyond 16 bits are one letter; a lone half is none', () => {
  expect(scripts('𠀀𠀁\ud840')).toEqual({ Han: 2 });
  expect(scripts('ქართული')).toEqual({ Other: 7 });
});

test('a long text is looked at in part', () => {
  expect(scripts('a'.repeat(10), 4)).toEqual({ Latin: 4 });
});

test('shares, the most frequent first', () => {
  expect(formatScripts({ Latin: 100, Han: 299, Greek: 1 })).toBe('Han 75 %, Latin 25 %');
  expect(formatScripts({})).toBe('');
});
