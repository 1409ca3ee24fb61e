import { ACCENT, WORD } from './generated/pattern-ranges.js';
import { NONSPACING_MARK, OTHER, PUNCTUATION } from './generated/unicode-ranges.js';
import { classBody } from './unicode-form.js';

/**
 * Character classes of the Rust `tokenizers` library, as bodies of a regular-expression class (flag `u`).
 * They are tables rather than `\p{…}` because that library pins an old Unicode version for categories, and
 * because ids must not depend on the JavaScript engine's Unicode version.
 */
export const otherClass: string = classBody(OTHER);
export const punctuationClass: string = classBody(PUNCTUATION);
export const nonspacingMarkClass: string = classBody(NONSPACING_MARK);

/** The White_Space property: Rust's `char::is_whitespace`. (JavaScript's `\s` adds U+FEFF and lacks U+0085.) */
export const whitespaceClass =
  '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** The blocks BERT treats as CJK ideographs, google-research/bert `tokenization.py` `_is_chinese_char`. */
export const cjkClass =
  '\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b81f}\\u{2b920}-\\u{2ceaf}\\u{2f800}-\\u{2fa1f}';

/** `\w` of Rust's regex crate: UTS 18 word characters. */
export const wordClass: string = classBody(WORD);

/** What `StripAccents` removes: combining marks of an old Unicode version. */
export const accentClass: string = classBody(ACCENT);

/** Replaces each lone surrogate by U+FFFD, as UTF-8 encoding does. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
