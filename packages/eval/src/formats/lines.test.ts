import { expect, it } from 'vitest';
import { type Lines, numberedLines, textLines } from './lines.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const textsOf = async (lines: Lines) => (await all(numberedLines(lines, 'f'))).map(({ text }) => text);

it('cuts text and bytes into the same lines, wherever the chunks end', async () => {
  const text = 'one\r\n\n三 three\u2028\u{1f600}\nlast';
  const expected = ['one\r', '', '三 three\u2028\u{1f600}', 'last'];
  expect(await all(textLines(text))).toEqual(expected);
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= 9; size++) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    expect(await all(textLines(chunks))).toEqual(expected);
    async function* stream() {
      yield* [...text];
    }
    expect(await all(textLines(stream()))).toEqual(expected);
  }
});

it('an ending line feed begins no line', async () => {
  expect(await all(textLines('a\n'))).toEqual(['a']);
  expect(await all(textLines('a\n\n'))).toEqual(['a', '']);
  expect(await all(textLines(''))).toEqual([]);
  expect(await all(textLines([]))).toEqual([]);
});

it('numbers lines and drops carriage returns', async () => {
  expect(await all(numberedLines('a\r\nb', 'f'))).toEqual([
    { line: 1, text: 'a' },
    { line: 2, text: 'b' },
  ]);
  expect(await textsOf(['a\r', 'b'])).toEqual(['a', 'b']);
  expect(await textsOf(textLines(['a', '\nb']))).toEqual(['a', 'b']);
});

it('refuses other bytes, a byte order mark and chunks given for lines', async () => {
  await expect(all(textLines([Uint8Array.of(0x61, 0x0a, 0xff)], 'f'))).rejects.toThrow('f:1: expected UTF-8');
  await expect(all(textLines([Uint8Array.of(0x61, 0x0a), Uint8Array.of(0xe4)], 'f'))).rejects.toThrow(
    'f:2: expected UTF-8',
  );
  await expect(textsOf('\ufeffa')).rejects.toThrow('f:1: expected text, got a byte order mark');
  const bom = textLines([Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)]);
  await expect(textsOf(bom)).rejects.toThrow('f:1: expected text, got a byte order mark');
  await expect(textsOf(['a', 'b\nc'])).rejects.toThrow(
    'f:2: expected one line per item, got a line feed inside',
  );
});
