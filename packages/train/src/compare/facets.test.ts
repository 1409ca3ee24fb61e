import { expect, test } from 'vitest';
import { scriptOfText, textFacets } from './facets.js';

test.each([
  ['who found it?', 'Latin'],
  ['血液循环是谁发现的？', 'Han'],
  ['GPU 显存不够怎么办', 'Han + Latin'],
  ['用 A 还是用 B 来做这一件很长的事情呢', 'Han'],
  ['血液の循環', 'Han + Kana'],
  ['42 + 17', 'none'],
])('%s is %s', (text, script) => {
  expect(scriptOfText(text)).toBe(script);
});

test('facets of a query without a known passage are those of the query', () => {
  expect(textFacets('天', undefined)).toEqual({ queryLength: 1, queryScript: 'Han' });
  expect(textFacets('天', 'sky')).toMatchObject({ passageLength: 3, passageScript: 'Latin' });
});
