import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import type { Row } from './row-fields.js';
import { readTable, type TableFormat, tableFormat } from './table.js';

async function read(format: TableFormat, text: string, columns: string[] = []): Promise<[number, Row][]> {
  const rows: [number, Row][] = [];
  for await (const { at, row } of readTable(bytesSource('t', text), format, columns))
    rows.push([at.line, row()]);
  return rows;
}

test('CSV and JSON lines give the same rows', async () => {
  const rows = [
    [2, { q: 'one', a: '1' }],
    [3, { q: '二', a: '' }],
  ];
  expect(await read('csv', 'q,a\none,1\n二,\n\n\n', ['a'])).toEqual(rows);
  expect(
    (await read('jsonl', '{"q":"one","a":"1"}\r\n{"q":"二","a":""}\n \t\r\n')).map(([, row]) => row),
  ).toEqual(rows.map(([, row]) => row));
});

test.each([
  ['csv', 'q,a\n1,2\n\n\n3,4\n', 3],
  ['jsonl', '{}\n\n{}\n', 2],
] as const)('%s: blank lines before a row are its bad rows', async (format, text, line) => {
  await expect(read(format, text)).rejects.toMatchObject({ fault: 'empty-line', at: { line } });
});

test.each([
  [
    'csv',
    'q,a\n1,2,3\n',
    'length-mismatch',
    't:2: expected 2 fields (one per column), got 3 — quote fields that hold commas',
  ],
  ['csv', 'q,a\n1\n', 'length-mismatch', 'got 1'],
  ['jsonl', '[1]\n', 'wrong-type', 't:1: expected a JSON object, got an array of 1'],
  ['jsonl', '{"q":\n', 'invalid-json', 't:1:6: expected a JSON value'],
] as const)('%s %j', async (format, text, fault, message) => {
  await expect(read(format, text)).rejects.toMatchObject({
    fault,
    message: expect.stringContaining(message),
  });
});

test.each([
  [
    'Question,a\n',
    't:1: expected a column "question", got "Question", "a" — name the column to read; did you mean "Question"?',
  ],
  ['x,y\n', 'got "x", "y" — name the column to read'],
  ['question;answer\n', 'separate the columns by commas'],
  ['question,a,a\n', 't:1: expected different column names, got "a" twice'],
])('a header %j', async (text, message) => {
  await expect(read('csv', text, ['question'])).rejects.toMatchObject({
    fault: 'unreadable-file',
    message: expect.stringContaining(message),
  });
});

test('columns without a name, as data frames write their index, may repeat', async () => {
  expect(await read('csv', ',,q\n0,1,x\n', ['q'])).toEqual([[2, { '': '1', q: 'x' }]]);
});

test('the name says the format, or nothing does', () => {
  expect(['a.csv', 'b.JSONL', 'c.ndjson'].map(tableFormat)).toEqual(['csv', 'jsonl', 'jsonl']);
  expect(() => tableFormat('qa.xlsx')).toThrow(
    'qa.xlsx: expected a name in .csv, .jsonl or .ndjson, got another',
  );
});
