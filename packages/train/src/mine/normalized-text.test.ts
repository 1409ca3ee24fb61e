import { expect, test } from 'vitest';
import { normalizedText, textKey } from './normalized-text.js';

test.each([
  ['  Ａbc\t\n d ', 'abc d'],
  ['\u3000月 亮\u00a0', '月 亮'],
  ['e\u0301', 'é'],
  ['', ''],
])('%j is %j', (text, expected) => {
  expect(normalizedText(text)).toBe(expected);
  expect(textKey(text)).toEqual(textKey(expected));
});

test('texts that differ have keys that differ, in each word of the key', () => {
  const texts = new Set<string>();
  for (let i = 0; i < 20_000; i++)
    texts
      .add(`${i}`)
      .add(`passage ${i}`)
      .add(`${i % 7}月${i}`);
  const keys = [...texts].map(textKey);
  expect(new Set(keys.map((key) => key.join())).size).toBe(texts.size);
  // Of 60,000 words of 32 bits fewer than one pair meets on average.
  for (const lane of [0, 1] as const)
    expect(new Set(keys.map((key) => key[lane])).size).toBeGreaterThan(texts.size - 10);
});
