import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { beirCollection, type Collection, pairsCollection, readQrels, rowsCollection } from './collection.js';

const read = async (collection: Collection) => {
  const documents = [];
  for await (const document of collection.documents()) documents.push(document);
  return documents;
};
const plain = (qrels: Collection['qrels']) =>
  Object.fromEntries([...qrels].map(([query, grades]) => [query, Object.fromEntries(grades)]));

test('rows: every passage is a document, ids are places', async () => {
  const rows = [
    { query: 'a', pos: ['x', 'y'], neg: ['z'] },
    { query: 'only scored', pos: ['x', 'v', 'z'], scores: [0.5, 0.1, 0.1] },
    { query: 'b', pos: ['z'], prompt_for_query: 'P:' },
  ];
  const source = bytesSource('rows', rows.map((row) => JSON.stringify(row)).join('\n'));
  const collection = await rowsCollection([source]);
  expect(collection.queries).toEqual([
    { id: 'q0', text: 'a' },
    { id: 'q2', text: 'P:b' },
  ]);
  expect((await read(collection)).map(({ id, text }) => `${id} ${text}`)).toEqual([
    'd0 x',
    'd1 y',
    'd2 z',
    'd3 v',
  ]);
  expect(plain(collection.qrels)).toEqual({ q0: { d0: 1, d1: 1 }, q2: { d2: 1 } });
  expect(collection.pairs).toEqual([
    { first: 'only scored', second: 'x', score: 0.5 },
    { first: 'only scored', second: 'v', score: 0.1 },
    { first: 'only scored', second: 'z', score: 0.1 },
  ]);
});

const corpus = '{"_id":"1","title":"T","text":"one"}\n{"_id":"2","text":"two"}\n';
const queries = '{"_id":"q","text":"?"}\n{"_id":"other","text":"!"}\n';
const table = 'query-id\tcorpus-id\tscore\nq\t2\t1\nq\t9\t2\n';
const lines = 'q 0 2 1\nq 0 9 2\n';

test.each([
  ["BEIR's table", table],
  ["TREC's lines", lines],
])('a collection judged by %s', async (_, qrels) => {
  const collection = await beirCollection({
    corpus: bytesSource('corpus', corpus),
    queries: bytesSource('queries', queries),
    qrels: bytesSource('qrels', qrels),
  });
  expect(collection.queries).toEqual([{ id: 'q', text: '?' }]);
  expect(plain(collection.qrels)).toEqual({ q: { 2: 1, 9: 2 } });
  expect(await read(collection)).toEqual([
    { id: '1', text: 'T one' },
    { id: '2', text: 'two' },
  ]);
  expect(collection.notes()).toEqual([
    'queries: 1 queries are not judged and not searched',
    'qrels: 1 judged documents are not in the corpus and cannot be found, the first "9"',
  ]);
});

test('faults are named by file and line', async () => {
  const files = {
    corpus: bytesSource('corpus', corpus),
    queries: bytesSource('queries', queries),
    qrels: bytesSource('qrels', 'q 0 2\n'),
  };
  await expect(beirCollection(files)).rejects.toThrow('qrels:1: expected 4 fields');
  await expect(readQrels(bytesSource('qrels', 'query-id\tcorpus-id\tscore\nq\t2\n'))).rejects.toThrow(
    'qrels:2: expected 3 unquoted fields',
  );
  const unknown = { ...files, qrels: bytesSource('qrels', 'nobody 0 2 1\n') };
  await expect(beirCollection(unknown)).rejects.toThrow(
    'queries: expected the text of 1 judged queries, got none for 1',
  );
});

test('pairs alone are not searched', async () => {
  const collection = pairsCollection([{ first: 'a', second: 'b', score: 1 }]);
  expect([collection.queries, collection.qrels.size, await read(collection)]).toEqual([[], 0, []]);
});
