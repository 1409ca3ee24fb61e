import { expect, test } from 'vitest';
import { type ByteSource, bytesSource } from './byte-source.js';
import { type CsvOptions, type CsvRecord, readCsv } from './csv.js';
import golden from './fixtures/qa-samples.json' with { type: 'json' };

async function read(data: string | Uint8Array | ByteSource, options?: CsvOptions): Promise<CsvRecord[]> {
  const source = typeof data === 'object' && 'chunks' in data ? data : bytesSource('t.csv', data);
  const records = [];
  for await (const record of readCsv(source, options)) records.push(record);
  return records;
}
const fields = async (data: string | Uint8Array | ByteSource) =>
  (await read(data)).map((record) => record.fields);

test("reads what Python's csv module wrote", async () => {
  expect(await fields(golden.csv)).toEqual([golden.header, ...golden.rows]);
});

test('one byte at a time gives the same', async () => {
  const bytes = new TextEncoder().encode(`\ufeff${golden.csv}`);
  const source = {
    ...bytesSource('t.csv', bytes),
    // The one buffer is reused, as sources may.
    async *chunks() {
      const one = new Uint8Array(1);
      for (const byte of bytes) {
        one[0] = byte;
        yield one;
      }
    },
  };
  expect(await fields(source)).toEqual([golden.header, ...golden.rows]);
});

test.each([
  ['a,b', [['a', 'b']]],
  ['a,b\n', [['a', 'b']]],
  [
    'a,\r\n,b\r\n',
    [
      ['a', ''],
      ['', 'b'],
    ],
  ],
  ['"",""""\n', [['', '"']]],
  ['"a\r\nb",c', [['a\r\nb', 'c']]],
  ['a\n\nb\n', [['a'], [''], ['b']]],
  [' "', 'a quote inside'],
])('%j', async (text, expected) => {
  if (typeof expected === 'string') await expect(fields(text)).rejects.toThrow(expected);
  else expect(await fields(text)).toEqual(expected);
});

test('a record is called by the line it starts on', async () => {
  const records = await read('a\n"b\nb\nb",1\nc\n');
  expect(records.map(({ at }) => at.line)).toEqual([1, 2, 5]);
});

test.each([
  [
    'a\nx,5" disk\nb\n',
    'unreadable-file',
    't.csv:2:4: expected CSV as in RFC 4180, got a quote inside an unquoted field — quote',
  ],
  [
    'a\n"x\ny"z,1\n',
    'unreadable-file',
    't.csv:3:3: expected a comma after the closing quote, got "z" — write a quote inside',
  ],
  ['a\nb\n"x,\nc\n', 'unreadable-file', 't.csv:3:1: expected a closing quote, got the end of the file'],
  [
    'a,b\rc,d\r',
    'unreadable-file',
    't.csv:1:4: expected CSV as in RFC 4180, got a carriage return without a line feed',
  ],
  ['', 'empty-file', 't.csv: expected a header line, got an empty file'],
  [Uint8Array.of(0x61, 10, 0x22, 10, 0xff, 0x22), 'invalid-utf8', 't.csv:3: expected UTF-8, got byte 0xff'],
  [
    Uint8Array.of(0x50, 0x4b, 3, 4),
    'compressed',
    'got a zip file (.xlsx is one) — save the sheet as CSV in UTF-8',
  ],
  [Uint8Array.of(0xff, 0xfe, 0x61, 0), 'utf-16', 'got UTF-16 text'],
])('%j is a %s', async (data, fault, message) => {
  await expect(read(data)).rejects.toMatchObject({ fault, message: expect.stringContaining(message) });
});

test('a quote left open is found before the whole file is in memory', async () => {
  const text = `a\n"b\n${'c\n'.repeat(1000)}`;
  await expect(read(text, { maxRecordBytes: 100 })).rejects.toMatchObject({
    fault: 'long-line',
    message:
      't.csv:2: expected a record of at most 100 bytes, got a longer one — look for a quote that is not closed, or raise maxRecordBytes',
  });
  expect((await read('abc\n', { maxRecordBytes: 3 })).length).toBe(1);
});
