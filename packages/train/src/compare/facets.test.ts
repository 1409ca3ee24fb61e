import { expect, test } from 'vitest';
import { partOfPassage, scriptOfText, textFacets } from './facets.js';

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

test('the third of a long passage that has the query’s words', () => {
  const filler = 'and then something else happened in the town. '.repeat(6);
  expect(partOfPassage('who found penicillin', `${filler}${filler}Fleming found penicillin.`)).toBe(
    'last third',
  );
  expect(partOfPassage('who found penicillin', `Fleming found penicillin. ${filler}${filler}`)).toBe(
    'first third',
  );
  expect(
    partOfPassage(
      '盘尼西林是谁发现的',
      `${'城里又发生了别的事情。'.repeat(15)}弗莱明发现盘尼西林。${'后来下了一场大雨。'.repeat(20)}`,
    ),
  ).toBe('second third');
  expect(partOfPassage('月亮', filler + filler)).toBe('nowhere');
  expect(partOfPassage('moon', 'the moon')).toBe('in a passage below 300 characters');
});
