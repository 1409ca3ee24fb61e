import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { isNpy, npyHeader, npyLayout } from './npy.js';

/** A version 1 file with this header text and so many bytes of data. */
function file(header: string, dataBytes = 0, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...[...'NUMPY'].map((c) => c.charCodeAt(0)),
    version,
    0,
    ...length,
    ...text,
    ...new Uint8Array(dataBytes),
  ]);
}
const layout = (bytes: Uint8Array) => npyLayout(bytesSource('v.npy', bytes));

test.each([
  ["{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", 24],
  ["{'shape': (2L, 3L), 'fortran_order': False, 'descr': '<f2'}\n", 12],
  ['{"descr": "<f4", "shape": (2,3), "fortran_order": False}', 24],
])('reads %j', async (header, bytes) => {
  const got = await layout(file(header, bytes));
  const start = 10 + header.length;
  expect([got.rows, got.width, got.offsetOf(1) - start]).toEqual([2, 3, bytes / 2]);
});

const f4 = (shape: string) => `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }\n`;
test.each([
  [
    'another key',
    file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", 24),
    "'descr', 'fortran_order' and 'shape'",
  ],
  ['a key missing', file("{'descr': '<f4', 'shape': (2, 3)}", 24), "'descr', 'fortran_order' and 'shape'"],
  ['no dictionary', file("__import__('os')", 24), "'descr', 'fortran_order' and 'shape'"],
  ['one dimension', file(f4('(6,)'), 24), 'two dimensions (rows, width), got 1'],
  ['three dimensions', file(f4('(1, 2, 3)'), 24), 'two dimensions (rows, width), got 3'],
  ['a negative size', file(f4('(-2, 3)'), 24), "'descr', 'fortran_order' and 'shape'"],
  ['an empty size', file(f4('(2,,3)'), 24), 'got 3'],
  ['no rows', file(f4('(0, 3)')), 'at least one row'],
  ['sizes whose product overflows', file(f4('(9007199254740991, 1048576)'), 24), 'the file was cut short'],
  ['a row beyond what can be a number', file(f4('(99999999999999999999, 3)'), 24), 'at most 2^53 - 1'],
  ['a width that would exhaust memory', file(f4('(1, 99999999999)'), 24), 'a width from 1 to 1048576'],
  ['data cut short', file(f4('(2, 3)'), 23), 'for 2 rows of 3 float32'],
  ['data left over', file(f4('(2, 3)'), 25), 'for 2 rows of 3 float32'],
  [
    'a version of the future',
    file(f4('(2, 3)'), 24, 4),
    'version 1, 2 or 3 of the .npy format, got version 4',
  ],
  ['a header cut short', file(f4('(2, 3)')).slice(0, 40), 'expected a header of 60 bytes, got 30'],
  ['nothing behind the version', file('').slice(0, 9), 'expected a header of 10 bytes, got 9'],
  ['a header of 4 GiB', file('', 0, 2).fill(0xff, 8), 'a header of at most 65536 bytes, got 4294967295'],
])('refuses %s', async (_, bytes, message) => {
  await expect(layout(bytes)).rejects.toMatchObject({
    fault: 'unreadable-file',
    message: expect.stringContaining(message),
  });
});

test('the written header has one size for every count and is read back', async () => {
  const header = npyHeader(7, 2, 'float16');
  expect(header.length % 64).toBe(0);
  expect(npyHeader(2 ** 53 - 1, 2 ** 20, 'float32').length).toBe(header.length);
  expect(isNpy(header)).toBe(true);
  const got = await layout(Uint8Array.from([...header, ...new Uint8Array(28)]));
  expect([got.rows, got.width, got.dtype, got.offsetOf(1)]).toEqual([7, 2, 'float16', 132]);
});
