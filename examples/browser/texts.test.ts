import { expect, it } from 'vitest';
import { type TextName, textIn } from './texts.js';

const names = (language: 'en' | 'zh', name: TextName) =>
  [...textIn(language, name, ['<0>', '<1>', '<2>', '<3>', '<4>']).matchAll(/<\d>/g)].map(String).sort();

it('fills in what is given, in both languages alike', () => {
  expect(textIn('en', 'rowsRead', [2, 3])).toBe('2 queries, 3 passages');
  expect(textIn('en', 'rowsRead', [1, 1])).toBe('1 query, 1 passage');
  expect(textIn('zh', 'rowsRead', [2, 3])).toBe('2 个查询，3 个段落');
  const all: TextName[] = [
    'savedText',
    'opened',
    'toTrain',
    'unused',
    'progress',
    'quality',
    'loading',
    'chart',
  ];
  for (const name of all) expect(names('zh', name), name).toEqual(names('en', name));
});
