import { expect, test } from 'vitest';
import { parseMiningRow } from './mining-row.js';

const parse = (text: string) =>
  parseMiningRow({ at: { file: 'rows.jsonl', line: 7 }, offset: 0, bytes: new TextEncoder().encode(text) });

test('query, prompt and both sides; scores are not read', () => {
  const text = '{"query":"q","prompt_for_query":"p: ","pos":["a"],"neg":["b"],"neg_scores":"stale","id":1}';
  expect(parse(text)).toEqual({ text, query: 'q', prompted: 'p: q', pos: ['a'], neg: ['b'] });
  expect(parse('{"query":"q","pos":["a"],"pos_scores":[1]}').neg).toEqual([]);
});

test.each([
  ['{"query":"q"}', 'got a row without "pos"'],
  ['{"query":"q","pos":["a"],"scores":[1]}', 'whose "pos" may hold wrong passages'],
  ['{"query":"q","pos":[]}', '"pos" to hold a passage'],
  ['{"query":"q","pos":"a"}', '"pos" to be a list'],
  ['{"query":"q","pos":["a"],"negs":[]}', 'expected "neg"'],
  ['{"query":"q","hits":[]}', 'a reranker row with "hits"'],
  ['{"query":"q","content":"a","label":1}', 'a reranker row with "content"'],
  ['"q"', 'the row to be an object'],
  ['[]', 'the row to be an object'],
])('%s is refused', (text, message) => {
  expect(() => parse(text)).toThrow(message);
  expect(() => parse(text)).toThrow('rows.jsonl:7');
});
