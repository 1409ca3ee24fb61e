import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { rowParser } from './input-row.js';
import { ChangedInputError, type InputPlace, readInputRows } from './input-rows.js';

const parse = rowParser({ kind: 'text' });
const files = (...texts: string[]) => texts.map((text, i) => bytesSource(`f${i}`, text));

async function read(texts: string[], from?: InputPlace) {
  const found: { text: string; bytes: number; place: InputPlace }[] = [];
  for await (const { row, bytes, place } of readInputRows(files(...texts), parse, from))
    found.push({ text: row.text, bytes, place: place() });
  return found;
}

test('rows of all files in order, and what goes on behind any of them', async () => {
  const texts = ['a\nbb\r\n\n \n', 'c', 'd\ne\n'];
  const all = await read(texts);
  expect(all.map(({ text }) => text)).toEqual(['a', 'bb', 'c', 'd', 'e']);
  expect(all.map(({ bytes }) => bytes)).toEqual([1, 4, 10, 11, 13]);
  expect(all.map(({ place }) => place.lines)).toEqual([1, 2, 5, 6, 7]);
  for (const [i, { place }] of all.entries()) {
    expect(await read(texts, place)).toEqual(all.slice(i + 1));
    // Lines behind the place may be others.
    expect(await read([...texts, 'x'], place)).toHaveLength(all.length - i);
  }
});

test('lines that were read before and are others now', async () => {
  const [, second] = await read(['a\nb\n', 'c\n']);
  for (const texts of [['a\nB\n', 'c\n'], ['a\n'], ['a\n\n', 'b\nc'], ['b\na\n', 'c\n']])
    await expect(read(texts, second!.place)).rejects.toThrow(ChangedInputError);
  await expect(read(['x\ny\n'], second!.place)).rejects.toThrow(
    'f0: expected the 2 lines that were encoded before, got others — give that input again, or pass --overwrite to begin again',
  );
});

test.each([
  [['a\n\n\nb\n'], 'f0:2: expected a row, got an empty line — remove it'],
  [['a\n', '\n \n'], 'f1: expected at least one row, got only blank lines'],
  [['a\n', ''], 'f1: expected at least one row, got an empty file'],
])('%j: %s', async (texts, message) => {
  await expect(read(texts)).rejects.toThrow(message);
});
