import { describe, expect, test } from 'vitest';
import { type ByteSource, bytesSource } from './byte-source.js';
import { parseLine, readLines } from './jsonl.js';

async function collect(source: ByteSource, options = {}) {
  const lines: [number, number, string][] = [];
  for await (const { at, offset, bytes } of readLines(source, options)) {
    lines.push([at.line, offset, new TextDecoder().decode(bytes)]);
  }
  return lines;
}

/** A source that hands out `step` bytes at a time, always in the same buffer. */
function dripping(text: string | Uint8Array, step: number): ByteSource {
  const whole = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return {
    ...bytesSource('drip.jsonl', whole),
    async *chunks() {
      const buffer = new Uint8Array(step);
      for (let start = 0; start < whole.length; start += step) {
        const part = whole.subarray(start, start + step);
        buffer.set(part);
        yield buffer.subarray(0, part.length);
      }
    },
  };
}

const expectFault = (bytes: Uint8Array | string, fault: string, message: RegExp, options = {}) =>
  Promise.all(
    [1, 7, 4096].map((step) =>
      expect(collect(dripping(bytes, step), options)).rejects.toMatchObject({
        name: 'DataError',
        fault,
        message: expect.stringMatching(message),
      }),
    ),
  );

describe('readLines', () => {
  test.each([1, 2, 3, 5, 100])(
    'gives lines with their numbers and offsets, %d bytes at a time',
    async (step) => {
      expect(await collect(dripping('{"a":1}\n中\n\nlast', step))).toEqual([
        [1, 0, '{"a":1}'],
        [2, 8, '中'],
        [3, 12, ''],
        [4, 13, 'last'],
      ]);
    },
  );

  test('a last line of one byte is not lost', async () => {
    expect(await collect(dripping('ab\n1', 1))).toEqual([
      [1, 0, 'ab'],
      [2, 3, '1'],
    ]);
  });

  test('a line feed at the end begins no further line', async () => {
    expect(await collect(dripping('a\n', 1))).toEqual([[1, 0, 'a']]);
  });

  test.each([1, 3, 100])(
    'CRLF line ends are accepted and the offsets stay true, %d bytes at a time',
    async (step) => {
      expect(await collect(dripping('a\r\nb\r\n', step))).toEqual([
        [1, 0, 'a'],
        [2, 3, 'b'],
      ]);
    },
  );

  test('a line of 50 MB is read', async () => {
    const line = `{"query":"${'x'.repeat(50_000_000)}"}`;
    const lengths: number[] = [];
    for await (const { bytes } of readLines(bytesSource('big.jsonl', `{}\n${line}\n{}\n`)))
      lengths.push(bytes.length);
    expect(lengths).toEqual([2, 50_000_012, 2]);
  });

  test('a line above the limit is an error that names it, and no more is read than needed', async () => {
    let read = 0;
    const endless: ByteSource = {
      ...bytesSource('endless.jsonl', ''),
      async *chunks() {
        yield new TextEncoder().encode('{}\n');
        for (;;) {
          read++;
          yield new Uint8Array(1000).fill(0x61);
        }
      },
    };
    await expect(collect(endless, { maxLineBytes: 5000 })).rejects.toMatchObject({
      fault: 'long-line',
      message: expect.stringMatching(
        /^endless\.jsonl:2: expected a line of at most 5000 bytes.*maxLineBytes/,
      ),
    });
    expect(read).toBe(6);
  });

  test('the limit counts whole lines in one chunk too', () =>
    expectFault('{}\n{"abc":1}\n', 'long-line', /^drip\.jsonl:2: /, { maxLineBytes: 5 }));

  test('a gzip file', () =>
    expectFault(Uint8Array.of(0x1f, 0x8b, 8, 0, 10, 1), 'compressed', /^drip\.jsonl: .*a gzip file.*gunzip/));
  test('a zstd file', () =>
    expectFault(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 4), 'compressed', /a zstd file/));
  test('a zip file', () => expectFault('PK\u0003\u0004', 'compressed', /a zip file/));
  test('UTF-16', () =>
    expectFault(Uint8Array.of(0xff, 0xfe, 0x7b, 0), 'utf-16', /UTF-16.*save the file as UTF-8/));
  test('a byte order mark', () =>
    expectFault('\ufeff{}\n', 'bom', /^drip\.jsonl: .*byte order mark.*without BOM/));
  test('an empty file', async () => {
    await expect(collect(bytesSource('no.jsonl', ''))).rejects.toMatchObject({
      fault: 'empty-file',
      message: 'no.jsonl: expected at least one row, got an empty file',
    });
  });
});

describe('parseLine', () => {
  const parse = (text: string | Uint8Array) => () =>
    parseLine({
      at: { file: 'r.jsonl', line: 4 },
      bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text,
    });

  test('gives the parsed value', () => {
    expect(parse('{"query": "茶", "n": [1e-3]}')()).toEqual({ query: '茶', n: [0.001] });
  });

  test.each([
    [
      'invalid-json',
      '{"query": "a" "pos": []}',
      /^r\.jsonl:4:15: expected "," or the closing bracket, got "\\""/,
    ],
    ['invalid-json', '{"query": "a"', /^r\.jsonl:4:14: .*got the end of the line/],
    [
      'indented-json',
      '{',
      'r.jsonl:4: expected a whole row on one line, got "{" alone, as in indented JSON — write one object per line, as `jq -c .` does (`jq -c ".[]"` for a list)',
    ],
    ['indented-json', '  [ {\r', 'got "[ {" alone, as in indented JSON'],
    ['indented-json', '[', 'got "[" alone'],
    ['invalid-json', '[{]', /^r\.jsonl:4:3: expected a key/],
    ['nan', '{"label": NaN}', /^r\.jsonl:4:11: expected a finite number, got "NaN"/],
    ['nan', '{"label": -Infinity}', /^r\.jsonl:4:11: expected a finite number, got "-Infinity"/],
    ['empty-line', '', /^r\.jsonl:4: expected a JSON object, got an empty line/],
    ['empty-line', ' \t', /empty line/],
    [
      'cr-line-ends',
      '{"a":1}\r{"a":2}',
      /^r\.jsonl:4: expected line feeds, got rows separated by a carriage return/,
    ],
  ])('%s: %s', (fault, text, message) => {
    const matching =
      typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message);
    expect(parse(text)).toThrow(expect.objectContaining({ fault, message: matching }));
  });

  test('invalid UTF-8 names the byte and its column', () => {
    expect(parse(Uint8Array.of(0x22, 0xe4, 0xff, 0x22))).toThrow(
      expect.objectContaining({
        fault: 'invalid-utf8',
        message: expect.stringMatching(/^r\.jsonl:4:2: expected UTF-8, got byte 0xe4/),
      }),
    );
  });
});
