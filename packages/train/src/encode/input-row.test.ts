import { bytesSource, readLines } from '@rag/data';
import { expect, test } from 'vitest';
import { type InputOptions, type InputRow, rowParser } from './input-row.js';

async function rows(
  text: string | Uint8Array,
  options: InputOptions = { kind: 'jsonl' },
): Promise<InputRow[]> {
  const parse = rowParser(options);
  const found: InputRow[] = [];
  for await (const line of readLines(bytesSource('in', text))) found.push(parse(line));
  return found;
}

test.each([
  ['{"text":"a b"}', { text: 'a b' }],
  ['{"query":"q"}', { text: 'q' }],
  ['"a text"', { text: 'a text' }],
  ['{"query":"q","prompt_for_query":"find: "}', { text: 'find: q' }],
  ['{"text":"t","id":7}', { text: 't', id: 7 }],
  ['{"text":"t","id":null}', { text: 't' }],
  ['{"_id":"d1","title":"Moon","text":"is bright","metadata":{}}', { text: 'Moon is bright', id: 'd1' }],
  ['{"_id":"q1","text":"why"}', { text: 'why', id: 'q1' }],
  ['{"_id":"d2","title":"","text":""}', { text: '', id: 'd2' }],
])('%s', async (line, row) => {
  expect(await rows(line)).toEqual([row]);
});

test('a field is read alone, whatever the row is besides', async () => {
  const line = '{"_id":"d","title":"T","text":"x","query":"q","pos":["p"],"prompt_for_query":"P"}';
  expect(await rows(line, { kind: 'jsonl', field: 'text' })).toEqual([{ text: 'x', id: 'd' }]);
  expect(await rows(line, { kind: 'jsonl', field: 'query' })).toEqual([{ text: 'q', id: 'd' }]);
});

test('plain text keeps its blanks', async () => {
  expect(await rows(' a \r\n{"b"}\n', { kind: 'text' })).toEqual([{ text: ' a ' }, { text: '{"b"}' }]);
});

test.each([
  ['[1]', 'in:1: expected a JSON object or a string, got an array'],
  ['null', 'in:1: expected a JSON object or a string, got null'],
  ['" "', 'in:1: expected the text to hold text, got " "'],
  ['"\\ud800"', 'in:1: expected the text to be well-formed text'],
  [
    '{"content":"c"}',
    'in:1: expected "text" or "query", got only "content" — pass --field content, or another key',
  ],
  ['{}', 'in:1: expected "text" or "query", got an object without keys — pass --field'],
  ['{"text":"a"}\n{"text":3}', 'in:2: expected "text" to be a string, got 3'],
  ['{"text":"  "}', 'in:1: expected "text" to hold text'],
  ['{"text":"\\ud800"}', 'in:1: expected "text" to be well-formed text'],
  ['{"text":"t","query":"q"}', 'in:1: expected "query", or "text" alone, got both'],
  [
    '{"query":"q","pos":["p"]}',
    'in:1: expected a text alone, {text} or {query}, got a row with "pos" — pass --field query to encode its query',
  ],
  ['{"text":"t","id":[1]}', 'in:1: expected "id" to be a string or a number, got [1] — rename it'],
  ['{"_id":"d","title":"T"}', 'in:1: expected "text", got only "_id", "title"'],
  ['{"_id":"d","text":"\\udc00"}', 'in:1: expected "text" to be well-formed text'],
  ['{"text":"a"', 'in:1:12: expected "," or the closing bracket, got the end of the line'],
])('%s: %s', async (text, message) => {
  await expect(rows(text)).rejects.toThrow(message);
});

test.each([
  ['a\n\u3000\nb', 'in:2: expected a text, got blanks alone — remove the line'],
  [Uint8Array.of(0x61, 0x0a, 0xff), 'in:2: expected UTF-8, got other bytes — save the file as UTF-8'],
])('plain text %j: %s', async (text, message) => {
  await expect(rows(text, { kind: 'text' })).rejects.toThrow(message);
});

test.each([
  ['{"a":"x"}', 'in:1: expected "b", got only "a"'],
  ['{"b":" "}', 'in:1: expected "b" to hold text, got " "'],
  ['"b"', 'in:1: expected a JSON object, got string'],
])('a field: %s: %s', async (text, message) => {
  await expect(rows(text, { kind: 'jsonl', field: 'b' })).rejects.toThrow(message);
});
