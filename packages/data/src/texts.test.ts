import { expect, test } from 'vitest';
import { type ByteSource, bytesSource } from './byte-source.js';
import { openDataset } from './dataset.js';
import { formatLabelSummary } from './labels.js';
import { texts } from './texts.js';

const source = (name: string, ...rows: object[]) =>
  bytesSource(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

test('texts are numbered through all files in line order', async () => {
  const first = source('a', { query: 'one', prompt_for_query: 'P: ' }, { text: '二三' });
  const dataset = await openDataset([first, source('b', { query: 'one' })], texts());
  const all = await Promise.all([0, 1, 2].map((index) => dataset.example(index, 4)));
  expect(all).toEqual([
    { at: { file: 'a', line: 1 }, text: 'P: one', row: 0 },
    { at: { file: 'a', line: 2 }, text: '二三', row: 1 },
    { at: { file: 'b', line: 1 }, text: 'one', row: 2 },
  ]);
  expect([...dataset.lengths]).toEqual([2, 2, 1]);
  expect(formatLabelSummary(dataset.summary)).toBe('3 rows, 2 different texts');
});

test('a row with passages is refused, and read by its query alone with compat', async () => {
  const rows = [{ query: 'a' }, { query: 'b', prompt_for_query: 'P:', pos: 7, neg: ['n'] }, { text: 'c' }];
  await expect(openDataset([source('f', { query: 'a', pos: ['p'] })], texts())).rejects.toThrow(
    'f:1: expected a text alone, {query} or {text}, got a row with "pos" — write its texts',
  );
  const dataset = await openDataset([source('f', ...rows)], texts({ compat: true }));
  const read = await Promise.all([0, 1, 2].map((index) => dataset.example(index, 0)));
  expect(read.map(({ text }) => text)).toEqual(['a', 'P:b', 'c']);
  expect(dataset.summary).toMatchObject({ shapes: { text: 3 }, ignoredKeys: { pos: 1, neg: 1 } });
  const faulty = openDataset([source('f', { query: '', pos: ['p'] })], texts({ compat: true }));
  await expect(faulty).rejects.toThrow('f:1: expected "query" to hold text');
});

test('no row may be left out, since the numbers are those of the vectors', async () => {
  for (const badRows of ['skip', ['empty-query']] as const) {
    const closed: string[] = [];
    const watched: ByteSource = {
      ...source('f', { query: 'a' }),
      close: async () => {
        closed.push('f');
      },
    };
    await expect(openDataset([watched], texts(), { badRows })).rejects.toThrow(
      /badRows: expected "throw" for rows that have vectors, got (skip|empty-query) — correct/,
    );
    expect(closed).toEqual(['f']);
  }
  await expect(openDataset([bytesSource('f', '{"query": "a"}\n\n{"query": "b"}')], texts())).rejects.toThrow(
    /^f:2: expected a JSON object, got an empty line/,
  );
});
