import { bytesSource, readLines } from '@rag/data';
import { expect, test } from 'vitest';
import { type InputFlags, inputParser, kindOfFiles } from './input-flags.js';

test.each([
  [['a.jsonl', 'b.NDJSON'], {}, 'jsonl'],
  [['a.txt'], {}, 'text'],
  [['a.txt'], { input_format: 'jsonl' }, 'jsonl'],
] as [string[], InputFlags, string][])('%j %j: %s', (paths, flags, kind) => {
  expect(kindOfFiles('--input', paths, flags)).toBe(kind);
});

test.each([
  [
    ['a.csv'],
    {},
    '--input: expected a name in .jsonl, .ndjson or .txt, got a.csv — say which by --input_format',
  ],
  [['a.txt', 'b.jsonl'], {}, '--input: expected files of one kind, got b.jsonl'],
  [
    ['a.txt'],
    { field: 'x' },
    '--field: expected JSON lines, which have keys, got text in a.txt — leave it out',
  ],
] as [string[], InputFlags, string][])('%j %j is refused', (paths, flags, message) => {
  expect(() => inputParser('--input', paths, flags)).toThrow(message);
});

test('a field of JSON lines', async () => {
  const parse = inputParser('--input', ['a.jsonl'], { field: 'b' });
  for await (const line of readLines(bytesSource('a.jsonl', '{"b":"x"}')))
    expect(parse(line)).toEqual({ text: 'x' });
});
