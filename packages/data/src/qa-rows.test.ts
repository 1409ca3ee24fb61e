import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { type QaColumns, readQaRows, startCounts } from './qa-rows.js';

async function read(lines: object[], columns: QaColumns = {}) {
  const counts = startCounts();
  const source = bytesSource('t.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const rows = [];
  for await (const { at, ...row } of readQaRows(source, 'jsonl', columns, counts))
    rows.push([at.line, ...Object.values(row)]);
  return { rows, counts };
}

test('columns by name, numbers and flags as conditions and categories, texts as they stand', async () => {
  const lines = [
    { id: 1, q: ' a? ', context: 'x ', kind: 7, train: true },
    { id: 2, q: 'b?', context: 'y', kind: '7', train: false },
    { id: 3, q: 'c?', context: 'z', kind: 'k', train: 'true' },
  ];
  const columns = { question: 'q', passage: 'context', category: 'kind', where: { train: 'true' } };
  const { rows, counts } = await read(lines, columns);
  expect(rows).toEqual([
    [1, ' a? ', 'x ', '7'],
    [3, 'c?', 'z', 'k'],
  ]);
  expect([counts.rows, counts.elsewhere]).toEqual([2, 1]);
});

const good = { question: 'a?', answer: 'x', category: 'c', split: 'train' };
test.each([
  [{ ...good, question: ' ' }, 'empty-query', 't.jsonl:2: expected "question" to hold text, got " "'],
  [{ ...good, answer: '' }, 'empty-pos', '"answer" to hold text'],
  [{ ...good, answer: 5 }, 'wrong-type', 'expected "answer" to be a string, got 5'],
  [{ ...good, answer: undefined }, 'missing-key', '"answer"'],
  [{ ...good, category: '' }, 'missing-key', 'expected "category" to hold a category, got ""'],
  [
    { ...good, category: [1] },
    'wrong-type',
    'expected "category" to be a string, number or boolean, got an array of 1',
  ],
  [{ ...good, split: undefined }, 'missing-key', '"split"'],
])('%j is %s', async (line, fault, message) => {
  const columns = { category: 'category', where: { split: 'train' } };
  await expect(read([good, line], columns)).rejects.toMatchObject({
    fault,
    at: { line: 2 },
    message: expect.stringContaining(message),
  });
  const { rows, counts } = await read([good, line, line, good], { ...columns, badRows: 'skip' });
  expect(rows.length).toBe(2);
  expect(counts.skipped).toEqual({ [fault]: { count: 2, first: expect.stringMatching(/^t\.jsonl:2/) } });
});

test('a row that the conditions leave out is not judged', async () => {
  const { counts } = await read([good, { split: 'test' }], { where: { split: 'train' } });
  expect([counts.rows, counts.elsewhere]).toEqual([1, 1]);
});

test('a column that every object inherits is not there', async () => {
  await expect(read([good], { passage: 'toString' })).rejects.toMatchObject({ fault: 'missing-key' });
});
