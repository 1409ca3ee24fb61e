import { describe, expect, it } from 'vitest';
import { beirText, readBeir, readBeirCorpus, readBeirQrels, readBeirQueries } from './beir.js';
import { textLines } from './lines.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const jsonl = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const header = 'query-id\tcorpus-id\tscore\n';

const corpus = jsonl(
  { _id: 'd1', title: '月球', text: 'The Moon', metadata: { url: 'x' } },
  { _id: 'd2', text: 'no title' },
  { _id: 'd 3', title: '', text: '' },
);

it('reads documents and joins title and text', async () => {
  const documents = await all(readBeirCorpus(corpus));
  expect(documents).toEqual([
    { id: 'd1', title: '月球', text: 'The Moon' },
    { id: 'd2', title: '', text: 'no title' },
    { id: 'd 3', title: '', text: '' },
  ]);
  expect(documents.map(beirText)).toEqual(['月球 The Moon', 'no title', '']);
});

it('reads queries and judgements', async () => {
  const queries = jsonl({ _id: 'q1', text: 'tides', metadata: {} });
  expect(await all(readBeirQueries(queries))).toEqual([{ id: 'q1', text: 'tides' }]);
  const qrels = await readBeirQrels(`${header}q1\td 3\t2\r\nq1\td2\t0\nq2\td2\t1`);
  expect(qrels).toEqual(
    new Map([
      [
        'q1',
        new Map([
          ['d 3', 2],
          ['d2', 0],
        ]),
      ],
      ['q2', new Map([['d2', 1]])],
    ]),
  );
});

it('streams: a document comes before the next line is asked for', async () => {
  let given = 0;
  async function* endless() {
    for (;;) yield `${JSON.stringify({ _id: `d${given++}`, text: 't' })}\n`;
  }
  const ids: string[] = [];
  for await (const { id } of readBeirCorpus(textLines(endless()))) {
    ids.push(id);
    expect(given).toBe(ids.length);
    if (ids.length === 1000) break;
  }
  expect(ids.at(-1)).toBe('d999');
});

describe.each([
  ['corpus', (lines: string) => all(readBeirCorpus(lines, 'f'))],
  ['queries', (lines: string) => all(readBeirQueries(lines, 'f'))],
])('%s: says where and what', (_, read) => {
  const good = '{"_id": "a", "text": "t"}\n';
  it.each([
    [`${good}{"_id": "b"`, 'f:2: expected a JSON object, got '],
    [`${good}\n${good}`, 'f:2: expected a JSON object, got a blank line'],
    ['[1]', 'f:1: expected a JSON object, got an array'],
    ['null', 'f:1: expected a JSON object, got null'],
    ['{"text": "t"}', 'f:1: "_id" expected a string, got nothing'],
    ['{"_id": 7, "text": "t"}', 'f:1: "_id" expected a string, got 7 — quote it'],
    ['{"_id": "", "text": "t"}', 'f:1: "_id" expected a name, got an empty string'],
    ['{"_id": "a"}', 'f:1: "text" expected a string, got nothing'],
    ['{"_id": "a", "text": ["t"]}', 'f:1: "text" expected a string, got an array'],
    [`${good}{"_id": "a", "text": "u"}`, 'f:2: "_id" expected to be new, got "a" again'],
  ])('%j', async (lines, message) => {
    await expect(read(lines)).rejects.toThrow(message);
  });
});

it('refuses a title that is no text, and an empty query', async () => {
  const untitled = jsonl({ _id: 'a', title: null, text: 't' });
  await expect(all(readBeirCorpus(untitled))).rejects.toThrow(
    'corpus.jsonl:1: "title" expected a string, got null',
  );
  await expect(all(readBeirQueries(jsonl({ _id: 'a', text: ' ' })))).rejects.toThrow(
    'queries.jsonl:1: "text" expected a query, got an empty text',
  );
});

it.each([
  ['q1\td1\t1\n', 'qrels.tsv:1: expected the header "query-id\\tcorpus-id\\tscore", got "q1\\td1\\t1"'],
  [`${header}q1 0 d1 1\n`, 'qrels.tsv:2: expected 3 unquoted fields between tabs, got "q1 0 d1 1"'],
  [`${header}\n`, 'qrels.tsv:2: expected 3 unquoted fields'],
  [`${header}q1\t"d1"\t1\n`, 'qrels.tsv:2: expected 3 unquoted fields'],
  [`${header}q1\td1\t1.5\n`, 'qrels.tsv:2: score expected an integer, got "1.5"'],
  [`${header}q1\td1\t1\nq1\td1\t1\n`, 'qrels.tsv:3: expected each document once per query'],
])('judgements %j: says where and what', async (text, message) => {
  await expect(readBeirQrels(text)).rejects.toThrow(message);
});

describe('a collection', () => {
  const queries = jsonl({ _id: 'q0', text: 'a' }, { _id: 'q1', text: 'b' }, { _id: 'q2', text: 'c' });
  const qrels = `${header}q2\td1\t1\nq1\tgone\t1\n`;

  it('keeps the judged queries, lists the others and the documents that nobody can find', async () => {
    const collection = await readBeir({ corpus, queries, qrels });
    expect(collection.queries.map(({ id }) => id)).toEqual(['q1', 'q2']);
    expect(collection.unjudgedQueries).toEqual(['q0']);
    expect([...collection.qrels.keys()]).toEqual(['q2', 'q1']);
    expect(() => collection.absentDocuments()).toThrow('expected the corpus to be read');
    expect((await all(collection.documents())).map(({ id }) => id)).toEqual(['d1', 'd2', 'd 3']);
    expect(collection.absentDocuments()).toEqual(['gone']);
  });

  it('needs the text of every judged query', async () => {
    const other = `${qrels}q9\td1\t1\n`;
    await expect(readBeir({ corpus, queries, qrels: other }, { queries: 'dev.jsonl' })).rejects.toThrow(
      'dev.jsonl: expected the text of 3 judged queries, got none for 1, the first "q9"',
    );
  });
});
