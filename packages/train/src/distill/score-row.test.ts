import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { readScoreRows } from './score-row.js';

const read = async (lines: readonly unknown[], readsAnswers = false) => {
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
  const rows = [];
  for await (const row of readScoreRows([bytesSource('in.jsonl', text)], readsAnswers)) rows.push(row);
  return rows;
};

test('the passages of every shape, whatever labels they have', async () => {
  const rows = await read([
    { id: 1, query: 'q', pos: ['a'], neg: ['b', 'c'], pos_scores: [0.1], neg_scores: 'old' },
    { query: 'q', hits: [{ content: 'a', label: 3 }, { content: 'b', score: 'x' }, { content: 'c' }] },
    { query: 'q', content: 'a' },
    { query: 'q', content: 'a', label: 'bad', score: 2 },
  ]);
  expect(rows.map(({ pairs }) => pairs.map(({ content }) => content).join(''))).toEqual([
    'abc',
    'abc',
    'a',
    'a',
  ]);
  expect(rows.map(({ positives }) => positives)).toEqual([1, undefined, undefined, undefined]);
  expect(rows[0]!.row).toMatchObject({ id: 1, neg_scores: 'old' });
  expect(rows[3]!.at).toEqual({ file: 'in.jsonl', line: 4 });
  expect(rows[0]!.pairs[0]).toEqual({ query: 'q', content: 'a' });
});

test('answers', async () => {
  const [row] = await read([{ query: 'q', pos: ['a', 'b'], answer: ' light ' }], true);
  expect(row!.pairs).toEqual([
    { query: 'q', content: 'a', answer: 'light' },
    { query: 'q', content: 'b', answer: 'light' },
  ]);
  await expect(read([{ query: 'q', pos: ['a'] }], true)).rejects.toThrow(
    'in.jsonl:1: expected "answer" to hold a text, got none — give the answer whose likelihood is taken',
  );
  await expect(read([{ query: 'q', pos: ['a'], answer: 3 }], true)).rejects.toThrow('got 3');
});

test.each([
  [['{"query":'], /in\.jsonl:1/],
  [[{ query: 'q', pos: ['a'] }, ''], /in\.jsonl:2: .*empty line/],
  [[{ query: 'q', pos: [] }], /"pos" to hold a passage/],
  [[{ query: 'q', pos: [' '] }], /in\.jsonl:1/],
  [[{ query: ' ', content: 'a' }], /"query"/],
  [[{ query: 'q', hits: [3] }], /hits/],
  [[{ query: 'q' }], /"pos", "content" or "hits"/],
  [[['q', 'a']], /an object/],
  [[], /an empty file/],
])('%j', async (lines, message) => {
  await expect(read(lines)).rejects.toThrow(message);
});
