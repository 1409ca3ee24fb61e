import { expect, it } from 'vitest';
import { textLines } from './lines.js';
import { formatQrels, parseQrels } from './trec-qrels.js';

const qrels = new Map([
  [
    'q2',
    new Map([
      ['d1', 2],
      ['中', -1],
    ]),
  ],
  ['q1', new Map([['d1', 0]])],
]);

it('reads and writes', async () => {
  const text = [...formatQrels(qrels)].join('');
  expect(text).toBe('q2 0 d1 2\nq2 0 中 -1\nq1 0 d1 0\n');
  const read = await parseQrels(text);
  expect(read).toEqual(qrels);
  expect([...read.keys()]).toEqual(['q2', 'q1']);
  expect(await parseQrels(textLines(formatQrels(qrels)))).toEqual(qrels);
});

it('passes over blank lines and comments, and mixes blanks', async () => {
  expect(await parseQrels('# made by hand\n\nq1\tQ0  d1 1\r\n \n')).toEqual(
    new Map([['q1', new Map([['d1', 1]])]]),
  );
  expect(await parseQrels('')).toEqual(new Map());
});

it.each([
  ['q1 0 d1 1\nq1 0 d2', 'qrels:2: expected 4 fields "query-id iteration document-id grade", got 3'],
  ['q1 0 d 1 1', 'qrels:1: expected 4 fields "query-id iteration document-id grade", got 5'],
  ['q1 0 d1 0.5', 'qrels:1: grade expected an integer, got "0.5"'],
  ['\nq1 0 d1 1\nq2 0 d1 1\nq1 1 d1 1', 'qrels:4: expected each document once per query, got query "q1"'],
])('%j: says where and what', async (text, message) => {
  await expect(parseQrels(text)).rejects.toThrow(message);
});

it('names the file that it was given', async () => {
  await expect(parseQrels('x', 'test.qrels')).rejects.toThrow('test.qrels:1: expected 4 fields');
});

it('writes nothing that would not read back', () => {
  const one = (query: string, document: string, grade: number) =>
    [...formatQrels(new Map([[query, new Map([[document, grade]])]]))].join('');
  expect(() => one('q 1', 'd', 1)).toThrow('formatQrels: query id expected no blanks');
  expect(() => one('q', 'd 1', 1)).toThrow('formatQrels: document id expected no blanks');
  expect(() => one('q', 'd', 0.5)).toThrow('document "d" expected an integer grade, got 0.5');
});
