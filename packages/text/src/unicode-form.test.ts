import { expect, it } from 'vitest';
import { classBody, unicodeForm } from './unicode-form.js';

it('normalizes what the library knows', () => {
  expect(unicodeForm('é', 'NFD')).toBe('e\u0301');
  expect(unicodeForm('e\u0301ﬁ', 'NFKC')).toBe('éfi');
});

it('leaves characters alone that are younger than the library', () => {
  expect(unicodeForm('é\u{105c9}é', 'NFD')).toBe('e\u0301\u{105c9}e\u0301');
});

it('turns ranges into a class', () => {
  expect(classBody('41-5a 5f')).toBe('\\u{41}-\\u{5a}\\u{5f}');
});
