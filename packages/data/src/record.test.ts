import { describe, expect, test } from 'vitest';
import { ignoredKeys, parseRecord, type RecordOptions } from './record.js';
import type { Row } from './row-fields.js';

const at = { file: 't.jsonl', line: 17 };
const parse = (row: unknown, options?: RecordOptions) => parseRecord(row, at, options);

describe('shapes', () => {
  test('{query, pos, neg} with and without scores', () => {
    expect(parse({ query: 'q', pos: ['a'], neg: ['b', 'c'] })).toEqual({
      shape: 'lists',
      at,
      query: 'q',
      pos: ['a'],
      neg: ['b', 'c'],
    });
    const row = { query: 'q', pos: ['a'], neg: ['b'], pos_scores: [2], neg_scores: ['0.5'] };
    expect(parse(row)).toMatchObject({ pos_scores: [2], neg_scores: [0.5] });
  });

  test('{query, pos, pos_scores} needs no negatives', () => {
    const row = { query: 'q', pos: ['a', 'b'], pos_scores: [0.25, 1] };
    expect(parse(row)).toEqual({ shape: 'lists', at, neg: [], ...row });
  });

  test('{query, content, label} and {query, content, score}, the score as number or text', () => {
    expect(parse({ query: 'q', content: 'c', label: 2 })).toEqual({
      shape: 'labelled',
      at,
      query: 'q',
      content: 'c',
      label: 2,
    });
    expect(parse({ query: 'q', content: 'c', score: '0.83' })).toEqual({
      shape: 'scored',
      at,
      query: 'q',
      content: 'c',
      label: 0.83,
    });
  });

  test('{query, hits} with labels or scores', () => {
    const hits = [
      { content: 'a', label: -1 },
      { content: 'b', score: -2 },
    ];
    expect(parse({ query: 'q', hits })).toEqual({
      shape: 'hits',
      at,
      query: 'q',
      hits: [
        { content: 'a', label: -1 },
        { content: 'b', label: -2 },
      ],
    });
  });

  test('labelKey chooses the key in rows and hits', () => {
    const both = { query: 'q', content: 'c', label: 1, score: 0.2 };
    expect(parse(both, { labelKey: 'score' })).toMatchObject({ shape: 'scored', label: 0.2 });
    expect(parse(both, { labelKey: 'label' })).toMatchObject({ shape: 'labelled', label: 1 });
    const hit = { content: 'c', relevance: 3 };
    expect(parse({ query: 'q', hits: [hit] }, { labelKey: 'relevance' })).toMatchObject({
      hits: [{ label: 3 }],
    });
  });

  test('labelRange scales every label', () => {
    const labelRange = { min: 0, max: 4 };
    const lists = { query: 'q', pos: ['a'], neg: ['b'], pos_scores: [3], neg_scores: [1] };
    expect(parse(lists, { labelRange })).toMatchObject({ pos_scores: [0.75], neg_scores: [0.25] });
    expect(parse({ query: 'q', content: 'c', label: 1 }, { labelRange })).toMatchObject({ label: 0.25 });
    expect(parse({ query: 'q', hits: [{ content: 'c', label: 2 }] }, { labelRange })).toMatchObject({
      hits: [{ label: 0.5 }],
    });
  });

  test('keys that no shape reads are listed', () => {
    const row: Row = { query: 'q', content: 'c', score: 1, id: 3, title: 't' };
    expect(ignoredKeys(row, parse(row))).toEqual(['id', 'title']);
    const lists: Row = { query: 'q', pos: ['a'], neg: ['b'], pos_id: ['7'] };
    expect(ignoredKeys(lists, parse(lists))).toEqual(['pos_id']);
    const hits: Row = { query: 'q', hits: [{ content: 'c', label: 1 }], source: 'x' };
    expect(ignoredKeys(hits, parse(hits))).toEqual(['source']);
  });
});

type Bad = [fault: string, row: unknown, message: string, options?: RecordOptions];
const bad: Bad[] = [
  ['wrong-type', [1, 2], 'the row to be an object, got an array of 2'],
  ['wrong-type', 'text', 'the row to be an object, got "text"'],
  ['wrong-type', null, 'the row to be an object, got null'],
  ['wrong-type', { query: 3, pos: ['a'] }, '"query" to be a string, got 3'],
  ['wrong-type', { query: 'q', pos: 'a' }, '"pos" to be a list of strings, got "a"'],
  ['wrong-type', { query: 'q', pos: ['a', null] }, '"pos"[1] to be a string, got null'],
  ['wrong-type', { query: 'q', pos: ['a'], neg: {} }, '"neg" to be a list of strings, got an object'],
  ['wrong-type', { query: 'q', content: ['c'], label: 1 }, '"content" to be a string, got an array of 1'],
  ['wrong-type', { query: 'q', content: 'c', label: true }, '"label" to be a number, got true'],
  ['wrong-type', { query: 'q', content: 'c', score: 'good' }, '"score" to be a number, got "good"'],
  ['wrong-type', { query: 'q', hits: 'x' }, '"hits" to be a list of {content, label}, got "x"'],
  ['wrong-type', { query: 'q', hits: ['x'] }, '"hits"[0] to be an object {content, label}, got "x"'],
  ['wrong-type', { query: 'q', pos: ['a'], pos_scores: 1 }, '"pos_scores" to be a list of numbers, got 1'],
  ['empty-query', { query: ' \n', pos: ['a'] }, '"query" to hold text, got " \\n"'],
  ['empty-pos', { query: 'q', pos: [], neg: ['b'] }, '"pos" to hold a passage, got an empty list — give'],
  ['empty-hits', { query: 'q', hits: [] }, '"hits" to hold a passage, got an empty list'],
  ['empty-passage', { query: 'q', pos: ['a'], neg: [''] }, '"neg"[0] to hold text, got ""'],
  ['empty-passage', { query: 'q', content: '', label: 1 }, '"content" to hold text, got ""'],
  [
    'length-mismatch',
    { query: 'q', pos: ['a'], pos_scores: [1, 2] },
    '"pos_scores" to hold 1 numbers (one per "pos"), got 2',
  ],
  [
    'length-mismatch',
    { query: 'q', pos: ['a'], neg: ['b', 'c'], neg_scores: [1] },
    '"neg_scores" to hold 2 numbers (one per "neg"), got 1',
  ],
  [
    'nan',
    { query: 'q', pos: ['a'], pos_scores: ['NaN'] },
    '"pos_scores"[0] to be a finite number, got "NaN"',
  ],
  [
    'nan',
    JSON.parse('{"query":"q","content":"c","label":1e999}'),
    '"label" to be a finite number, got Infinity',
  ],
  [
    'label-out-of-range',
    { query: 'q', content: 'c', label: 2 },
    '"label" between 0 and 1, got 2 — set min_label',
    { labelRange: { min: 0, max: 1 } },
  ],
  [
    'label-out-of-range',
    { query: 'q', pos: ['a'], pos_scores: [-0.1] },
    '"pos_scores"[0] between 0 and 1, got -0.1',
    { labelRange: { min: 0, max: 1 } },
  ],
  [
    'label-out-of-range',
    { query: 'q', hits: [{ content: 'c', label: -1 }] },
    '"label" in "hits"[0] between 0 and 1, got -1',
    { labelRange: { min: 0, max: 1 } },
  ],
  ['misnamed-key', { query: 'q', content: 'c', lable: 1 }, '"label", got "lable" — rename it'],
  ['misnamed-key', { query: 'q', content: 'c', labels: 1 }, '"label", got "labels"'],
  ['misnamed-key', { qurey: 'q', pos: ['a'] }, '"query", got "qurey"'],
  ['misnamed-key', { query: 'q', positives: ['a'], neg: ['b'] }, '"pos", got "positives"'],
  ['misnamed-key', { query: 'q', pos: ['a'], negs: ['b'] }, '"neg", got "negs"'],
  ['misnamed-key', { query: 'q', pos: ['a'], scores: [1] }, '"pos_scores", got "scores"'],
  ['misnamed-key', { query: 'q', hits: [{ content: 'c', lable: 1 }] }, '"label" in "hits"[0], got "lable"'],
  [
    'misnamed-key',
    { query: 'q', content: 'c', relevence: 1 },
    '"relevance", got "relevence"',
    { labelKey: 'relevance' },
  ],
  ['missing-key', {}, '"query", got an object without keys'],
  ['missing-key', { pos: ['a'] }, '"query", got only "pos"'],
  [
    'missing-key',
    { query: 'q', text: 't' },
    '"pos", "content" or "hits" beside "query", got only "query", "text"',
  ],
  [
    'missing-key',
    { query: 'q', neg: ['b'] },
    '"pos", "content" or "hits" beside "query", got only "query", "neg"',
  ],
  ['missing-key', { query: 'q', content: 'c' }, '"label" or "score", got only "query", "content"'],
  [
    'missing-key',
    { query: 'q', content: 'c', score: 1 },
    '"label", got only "query", "content", "score" — set train_label_key to "score"',
    { labelKey: 'label' },
  ],
  ['missing-key', { query: 'q', hits: [{ label: 1 }] }, '"content" in "hits"[0], got only "label"'],
  ['missing-key', { query: 'q', pos: ['a'], neg_scores: [1] }, '"neg" beside "neg_scores"'],
  [
    'ambiguous-shape',
    { query: 'q', pos: ['a'], content: 'c' },
    'one of "pos", "content", "hits", got "pos" and "content"',
  ],
  [
    'ambiguous-shape',
    { query: 'q', content: 'c', label: 1, score: 1 },
    'one label, got both "label" and "score" — say which',
  ],
];

test.each(bad)('%s: %j', (fault, row, message, options) => {
  expect(() => parse(row, options)).toThrow(
    expect.objectContaining({
      fault,
      at,
      message: expect.stringContaining(`t.jsonl:17: expected ${message}`),
    }),
  );
});

test('keys of the prototype are no keys of the row', () => {
  const row = JSON.parse('{"__proto__": {"query": "q", "pos": ["a"]}}');
  expect(() => parse(row)).toThrow(expect.objectContaining({ fault: 'missing-key' }));
});
