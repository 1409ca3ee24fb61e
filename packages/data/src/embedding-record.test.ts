import { describe, expect, test } from 'vitest';
import { embeddingReader, parseEmbeddingRecord, promptedQuery } from './embedding-record.js';

const at = { file: 'e.jsonl', line: 9 };
const parse = (row: unknown) => parseEmbeddingRecord(row, at);

describe('shapes, judged row by row', () => {
  test('{query, pos} is a pair, {query, pos, neg} a triplet, also with an empty "neg"', () => {
    expect(parse({ query: 'q', pos: ['a', 'b'] })).toEqual({
      shape: 'pair',
      at,
      query: 'q',
      pos: ['a', 'b'],
    });
    const triplet = { query: 'q', pos: ['a'], neg: ['b', 'c'] };
    expect(parse(triplet)).toEqual({ shape: 'triplet', at, ...triplet });
    expect(parse({ ...triplet, neg: [] })).toMatchObject({ shape: 'triplet', neg: [] });
  });

  test('scores make a scored row, written as "scores" or, without "neg", as "pos_scores"', () => {
    const scored = { shape: 'scored', at, query: 'q', pos: ['a', 'b'], scores: [0.5, -3] };
    expect(parse({ query: 'q', pos: ['a', 'b'], scores: [0.5, '-3'] })).toEqual(scored);
    expect(parse({ query: 'q', pos: ['a', 'b'], pos_scores: [0.5, -3] })).toEqual(scored);
  });

  test('a triplet keeps the scores of its sides', () => {
    const row = { query: 'q', pos: ['a'], neg: ['b', 'c'], pos_scores: [2], neg_scores: [1, 0] };
    expect(parse(row)).toEqual({ shape: 'triplet', at, ...row });
  });

  test('{query} or {text} alone is a text', () => {
    expect(parse({ query: 'q' })).toEqual({ shape: 'text', at, text: 'q' });
    expect(parse({ text: 't' })).toEqual({ shape: 'text', at, text: 't' });
  });

  test('prompt_for_query stands apart and is glued in front without a separator; null and "" are none', () => {
    const rows = [{ query: 'q', pos: ['a'] }, { query: 'q', pos: ['a'], neg: ['b'] }, { query: 'q' }];
    for (const row of rows) {
      const record = parse({ ...row, prompt_for_query: 'Find: ' });
      expect(record.prompt_for_query).toBe('Find: ');
      expect(promptedQuery(record)).toBe('Find: q');
      for (const prompt_for_query of [null, '']) {
        const plain = parse({ ...row, prompt_for_query });
        expect(plain).not.toHaveProperty('prompt_for_query');
        expect(promptedQuery(plain)).toBe('q');
      }
    }
  });

  test('keys that no shape reads are listed', () => {
    const row = { id: 3, query: 'q', pos: ['a'], prompt_for_query: 'p', pos_id: [1] };
    expect(embeddingReader.ignoredKeys(row, parse(row))).toEqual(['id', 'pos_id']);
    expect(parse({ query: 'q', pos: ['a'], content: 'c' })).toMatchObject({ shape: 'pair' });
    const text = { text: 't', source: 's', prompt_for_query: 'p' };
    expect(embeddingReader.ignoredKeys(text, parse(text))).toEqual(['source']);
  });
});

const bad: [fault: string, row: unknown, message: string][] = [
  ['wrong-type', [1], 'the row to be an object, got an array of 1'],
  ['wrong-type', { query: 3 }, '"query" to be a string, got 3'],
  ['wrong-type', { text: null }, '"text" to be a string, got null'],
  ['wrong-type', { query: 'q', pos: 'a' }, '"pos" to be a list of strings, got "a"'],
  ['wrong-type', { query: 'q', pos: ['a'], neg: null }, '"neg" to be a list of strings, got null'],
  ['wrong-type', { query: 'q', pos: ['a'], neg: ['b', 1] }, '"neg"[1] to be a string, got 1'],
  ['wrong-type', { query: 'q', pos: ['a'], scores: 0.5 }, '"scores" to be a list of numbers, got 0.5'],
  ['wrong-type', { query: 'q', pos: ['a'], scores: ['high'] }, '"scores"[0] to be a number, got "high"'],
  ['wrong-type', { query: 'q', prompt_for_query: 1 }, '"prompt_for_query" to be a string, got 1'],
  ['wrong-type', { query: 'q', prompt_for_query: '\ud800' }, '"prompt_for_query" to be well-formed text'],
  ['empty-query', { query: ' ', pos: ['a'], prompt_for_query: 'p' }, '"query" to hold text, got " "'],
  ['empty-query', { query: '' }, '"query" to hold text, got ""'],
  ['empty-passage', { text: '' }, '"text" to hold text, got ""'],
  ['empty-passage', { query: 'q', pos: ['a', ''] }, '"pos"[1] to hold text, got ""'],
  ['empty-pos', { query: 'q', pos: [] }, '"pos" to hold a passage, got an empty list'],
  [
    'length-mismatch',
    { query: 'q', pos: ['a'], scores: [1, 2] },
    '"scores" to hold 1 numbers (one per "pos")',
  ],
  [
    'length-mismatch',
    { query: 'q', pos: ['a'], neg: ['b'], neg_scores: [] },
    '"neg_scores" to hold 1 numbers (one per "neg"), got 0',
  ],
  ['nan', { query: 'q', pos: ['a'], scores: ['nan'] }, '"scores"[0] to be a finite number, got "nan"'],
  ['misnamed-key', { query: 'q', pos: ['a'], score: [1] }, '"scores", got "score" — rename it'],
  ['misnamed-key', { query: 'q', positives: ['a'] }, '"pos", got "positives"'],
  ['misnamed-key', { query: 'q', pos: ['a'], negatives: ['b'] }, '"neg", got "negatives"'],
  ['misnamed-key', { query: 'q', promptForQuery: 'p' }, '"prompt_for_query", got "promptForQuery"'],
  ['misnamed-key', { qurey: 'q', pos: ['a'] }, '"query", got "qurey"'],
  ['missing-key', {}, '"query", or "text" alone, got an object without keys'],
  ['missing-key', { pos: ['a'] }, '"query", got only "pos"'],
  ['missing-key', { query: 'q', neg: ['b'] }, '"pos" beside "neg", got only "query", "neg"'],
  ['missing-key', { query: 'q', scores: [1] }, '"pos" beside "scores"'],
  ['missing-key', { query: 'q', pos: ['a'], neg_scores: [1] }, '"neg" beside "neg_scores"'],
  ['ambiguous-shape', { query: 'q', text: 't' }, '"query", or "text" alone, got both — drop one'],
  [
    'ambiguous-shape',
    { query: 'q', pos: ['a'], neg: ['b'], scores: [1] },
    'one kind of score, got "scores" and "neg" — score "neg" with neg_scores',
  ],
  [
    'ambiguous-shape',
    { query: 'q', pos: ['a'], pos_scores: [1], scores: [1] },
    'one kind of score, got "scores" and "pos_scores"',
  ],
  ['unfit-shape', { query: 'q', content: 'c', score: 1 }, '"pos" beside "query", got a reranker row with'],
  ['unfit-shape', { query: 'q', hits: [] }, '"pos" beside "query", got a reranker row with "hits" — train'],
];

test.each(bad)('%s: %j', (fault, row, message) => {
  expect(() => parse(row)).toThrow(
    expect.objectContaining({ fault, message: expect.stringContaining(`e.jsonl:9: expected ${message}`) }),
  );
});

test('keys of the prototype are no keys of the row', () => {
  const row = JSON.parse('{"__proto__": {"query": "q", "pos": ["a"]}}');
  expect(() => parse(row)).toThrow(expect.objectContaining({ fault: 'missing-key' }));
});

test('a row adds its passages by side, or as scored, to the summary', () => {
  const tally = (row: unknown) => embeddingReader.tally(parse(row));
  const none = { query: 'q', positives: 0, negatives: 0, scored: 0, labels: [] };
  const [pos, neg] = [['a', 'b'], ['c']];
  expect(tally({ text: 'q' })).toEqual({ ...none, shape: 'text' });
  expect(tally({ query: 'q', pos, prompt_for_query: 'p' })).toEqual({ ...none, shape: 'pair', positives: 2 });
  expect(tally({ query: 'q', pos, scores: [1, 0] })).toEqual({
    ...none,
    shape: 'scored',
    scored: 2,
    labels: [1, 0],
  });
  const triplet = { ...none, shape: 'triplet', positives: 2, negatives: 1 };
  expect(tally({ query: 'q', pos, neg })).toEqual(triplet);
  expect(tally({ query: 'q', pos, neg, pos_scores: [3, 2], neg_scores: [1] })).toEqual({
    ...triplet,
    labels: [3, 2, 1],
  });
});
