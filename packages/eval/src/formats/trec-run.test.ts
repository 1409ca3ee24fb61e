import { describe, expect, it } from 'vitest';
import { textLines } from './lines.js';
import { formatRun, parseRun } from './trec-run.js';

const run = new Map([
  [
    'q2',
    new Map([
      ['d1', 0.1],
      ['d3', Math.fround(0.1)],
      ['d2', 0.1],
      ['中', -1e-7],
    ]),
  ],
  ['q1', new Map([['d1', 12]])],
]);

it('writes in the order of trec_eval, and reads back the same numbers', async () => {
  const text = [...formatRun(run, { tag: 'bge' })].join('');
  expect(text.split('\n')).toEqual([
    'q2 Q0 d3 1 0.10000000149011612 bge',
    'q2 Q0 d2 2 0.1 bge',
    'q2 Q0 d1 3 0.1 bge',
    'q2 Q0 中 4 -1e-7 bge',
    'q1 Q0 d1 1 12 bge',
    '',
  ]);
  expect(await parseRun(text)).toEqual({ run, tags: ['bge'], rankDisagreements: [] });
  expect(await parseRun(textLines(formatRun(run, { tag: 'bge' })))).toMatchObject({ run });
});

it('passes over blank lines and comments', async () => {
  const { run: read, tags } = await parseRun('#c\n\nq Q0 d 0 .5 a\r\nq Q0 e 0 1.e+2 b\n');
  expect(read).toEqual(
    new Map([
      [
        'q',
        new Map([
          ['d', 0.5],
          ['e', 100],
        ]),
      ],
    ]),
  );
  expect(tags).toEqual(['a', 'b']);
});

describe('ranks against scores', () => {
  const parse = async (...places: [rank: number, score: number][]) =>
    (await parseRun(places.map(([rank, score], i) => `q Q0 d${i} ${rank} ${score} t`))).rankDisagreements;

  it('agree, say nothing where ranks are equal, and leave ties to trec_eval', async () => {
    expect(await parse([1, 3], [2, 2], [3, 2], [4, 1])).toEqual([]);
    expect(await parse([4, 1], [1, 3], [3, 2], [2, 2])).toEqual([]);
    expect(await parse([0, 1], [0, 3], [0, 2])).toEqual([]);
  });

  it('disagree: distances, or one document out of order anywhere in the file', async () => {
    expect(await parse([1, 0.1], [2, 0.2])).toEqual([{ query: 'q', betterRankLine: 1, higherScoreLine: 2 }]);
    expect(await parse([10, 1], [1, 5], [2, 9])).toEqual([
      { query: 'q', betterRankLine: 2, higherScoreLine: 3 },
    ]);
    expect(await parse([0, 5], [0, 2], [1, 3])).toEqual([
      { query: 'q', betterRankLine: 2, higherScoreLine: 3 },
    ]);
  });

  it('are reported per query, and the scores stand', async () => {
    const lines = ['a Q0 x 1 1 t', 'a Q0 y 2 2 t', 'b Q0 x 1 2 t', 'b Q0 y 2 1 t'];
    const { run: read, rankDisagreements } = await parseRun(lines);
    expect(rankDisagreements.map(({ query }) => query)).toEqual(['a']);
    expect(read.get('a')!.get('y')).toBe(2);
  });
});

it.each([
  ['q Q0 d 1 0.5', 'run:1: expected 6 fields "query-id Q0 document-id rank score tag", got 5'],
  ['q Q0 d 1 1 0.5 t', 'run:1: expected 6 fields "query-id Q0 document-id rank score tag", got 7'],
  ['q Q0 d first 0.5 t', 'run:1: rank expected an integer, got "first"'],
  ['q Q0 d 1 nan t', 'run:1: score expected a finite number, got "nan"'],
  ['q Q0 d 1 -inf t', 'run:1: score expected a finite number, got "-inf"'],
  ['q Q0 d 1 1e999 t', 'run:1: score expected a finite number, got "1e999"'],
  ['q Q0 d 1 0x10 t', 'run:1: score expected a finite number, got "0x10"'],
  ['q Q0 d 1 0.5 t\nq Q0 d 2 0.4 t', 'run:2: expected each document once per query'],
])('%j: says where and what', async (text, message) => {
  await expect(parseRun(text)).rejects.toThrow(message);
});

it('writes nothing that would not read back', () => {
  const one = (query: string, document: string, score: number, tag = 't') =>
    [...formatRun(new Map([[query, new Map([[document, score]])]]), { tag })].join('');
  expect(() => one('q 1', 'd', 1)).toThrow('formatRun: query id expected no blanks');
  expect(() => one('q', '', 1)).toThrow('formatRun: document id expected no blanks');
  expect(() => one('q', 'd', 1, 'my run')).toThrow('formatRun: tag expected no blanks');
  expect(() => one('q', 'd', Number.POSITIVE_INFINITY)).toThrow('expected a finite score, got Infinity');
});
