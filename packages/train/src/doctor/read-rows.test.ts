import { bytesSource, DataError, type EmbeddingRecord, embeddingReader } from '@rag/data';
import { expect, test } from 'vitest';
import { type RowSurveyReader, readRows } from './read-rows.js';
import { surveyor } from './survey.js';
import { embeddingRow } from './survey-row.js';

const reader: RowSurveyReader<EmbeddingRecord> = {
  reader: embeddingReader,
  row: embeddingRow,
  makers: {
    each: { lengths: () => [1, 1] },
    pairs: {
      leavesOut: ['no-contrast'],
      lengths: ({ shape, at }) => {
        if (shape === 'pair') return [1];
        const fault = shape === 'scored' ? 'no-contrast' : 'unfit-shape';
        throw new DataError(fault, { at, expected: 'a pair', got: shape });
      },
    },
  },
};
const read = (texts: Readonly<Record<string, string>>) => {
  const looking = surveyor();
  const files = { openData: async (path: string) => bytesSource(path, texts[path]!) };
  return readRows(files, Object.keys(texts), reader, looking).then((rows) => ({
    rows,
    survey: looking.survey(),
  }));
};

test('every row once, over all files, and again by its place', async () => {
  const { rows, survey } = await read({
    a: '{"query": "q", "pos": ["p"]}\n{"text": "t"}\n',
    b: '{"query": "r", "pos": ["p"], "scores": [1]}',
  });
  expect(rows).toMatchObject({ length: 3, faults: [], shapes: { pair: 1, text: 1, scored: 1 } });
  expect(survey).toMatchObject({ rows: 3, files: { a: { pair: 1, text: 1 }, b: { scored: 1 } } });
  expect(await rows.read(2)).toMatchObject({ query: 'r', at: { file: 'b', line: 1 } });
  expect(rows.examples('each')).toEqual({ count: 6, leftOut: 0, unfit: [] });
  expect(rows.examples('pairs')).toEqual({
    ...{ count: 1, leftOut: 1 },
    unfit: [{ fault: 'unfit-shape', count: 1, first: 'a:2', message: 'a:2: expected a pair, got text' }],
  });
  await rows.close();
});

test('hostile rows are counted by their fault, and those after them read', async () => {
  const { rows, survey } = await read({
    a: [
      '{"query": "\\ud800", "pos": ["p"]}',
      '[]',
      'null',
      '{"query": "q", "pos": []}',
      '{"query": "q", "pos": [1e999]}',
      '{"query": "q", "pos": ["p"], "scores": ["NaN"]}',
      '{"__proto__": {"query": "q"}}',
      `${'['.repeat(5000)}`,
      '{"query": "q", "pos": ["p"]}',
    ].join('\n'),
  });
  expect(survey.rows).toBe(1);
  const faults = Object.fromEntries(rows.faults.map(({ fault, count }) => [fault, count]));
  expect(faults).toEqual({ 'wrong-type': 4, 'empty-pos': 1, nan: 1, 'missing-key': 1, 'invalid-json': 1 });
  expect(rows.faults.find(({ fault }) => fault === 'empty-pos')!.message).toMatch(/^a:4: expected/);
  await rows.close();
});

test('files without a row that can be read', async () => {
  const { rows } = await read({ a: '{}' });
  expect(rows).toMatchObject({ length: 0, faults: [{ fault: 'missing-key' }] });
  expect(rows.problem).toContain('a: expected at least one usable row, got none');
  await expect(rows.read(0)).rejects.toThrow('usable row');
  await rows.close();
  expect((await read({ a: '' })).rows.problem).toBe('a: expected at least one row, got an empty file');
  expect((await read({ a: '\u001f\u008b' })).rows.problem).toBeDefined();
});
