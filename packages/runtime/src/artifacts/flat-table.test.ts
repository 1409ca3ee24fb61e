import { Builder } from 'flatbuffers';
import { expect, test } from 'vitest';
import { ArtifactError } from './error.js';
import { FlatTable } from './flat-table.js';

function sample(): Uint8Array {
  const builder = new Builder(64);
  const name = builder.createString('名前');
  const bytes = builder.createByteVector(Uint8Array.of(1, 2, 3));
  builder.startObject(6);
  builder.addFieldInt64(0, -2n, 0n);
  builder.addFieldInt32(1, 7, 0);
  builder.addFieldOffset(2, name, 0);
  builder.addFieldOffset(3, bytes, 0);
  builder.addFieldFloat32(4, 0.5, 0);
  builder.addFieldInt8(5, 1, 0);
  builder.finish(builder.endObject(), 'TEST');
  return builder.asUint8Array().slice();
}

/** The place of the root table's field in the bytes, by the format's own rules. */
function placeOf(bytes: Uint8Array, slot: number): number {
  const view = new DataView(bytes.buffer);
  const table = view.getUint32(0, true);
  return table + view.getUint16(table - view.getInt32(table, true) + 4 + 2 * slot, true);
}

const root = (bytes: Uint8Array) => FlatTable.root(bytes, 'TEST', 'sample');

test('reads every kind of field, and the default of an absent one', () => {
  const table = root(sample());
  expect(table.int64(0)).toBe(-2n);
  expect(table.int32(1)).toBe(7);
  expect(table.string(2)).toBe('名前');
  expect([...table.byteVector(3)!]).toEqual([1, 2, 3]);
  expect(table.float32(4)).toBe(0.5);
  expect(table.bool(5)).toBe(true);
  expect([table.int32(6), table.int64(7, -1n), table.bool(8), table.float32(9)]).toEqual([0, -1n, false, 0]);
  expect([table.string(6), table.table(7), table.tables(8), table.byteVector(9)]).toEqual(
    Array(4).fill(undefined),
  );
});

const damage: [string, (bytes: Uint8Array, view: DataView) => void, (table: FlatTable) => unknown, RegExp][] =
  [
    [
      'the root past the end',
      (_, v) => v.setUint32(0, 4000, true),
      () => 0,
      /a table of 4 bytes past the end/,
    ],
    [
      'the root unaligned',
      (_, v) => v.setUint32(0, v.getUint32(0, true) + 2, true),
      () => 0,
      /not aligned to 4/,
    ],
    ['a zero root', (_, v) => v.setUint32(0, 0, true), () => 0, /an offset of zero/],
    [
      'a vtable before the start',
      (_, v) => v.setInt32(v.getUint32(0, true), 1e9, true),
      () => 0,
      /a vtable .* past the end/,
    ],
    [
      'a field outside its table',
      (b, v) =>
        v.setUint16(v.getUint32(0, true) - v.getInt32(v.getUint32(0, true), true) + 4, b.length, true),
      (table) => table.int64(0),
      /a field outside its table/,
    ],
    [
      'a string past the end',
      (b, v) => v.setUint32(placeOf(b, 2), 4000, true),
      (t) => t.string(2),
      /a vector of 4 bytes past/,
    ],
    [
      'a string too long',
      (b, v) => v.setUint32(placeOf(b, 2) + v.getUint32(placeOf(b, 2), true), 0xffffffff, true),
      (t) => t.string(2),
      /a vector of 4294967295 bytes past the end/,
    ],
    [
      'a string without its zero',
      (b, v) => v.setUint32(placeOf(b, 2) + v.getUint32(placeOf(b, 2), true), 3, true),
      (t) => t.string(2),
      /without its final zero/,
    ],
    [
      'a string that is not UTF-8',
      (b, v) => b.set([0xff], placeOf(b, 2) + v.getUint32(placeOf(b, 2), true) + 4),
      (t) => t.string(2),
      /not UTF-8/,
    ],
  ];

test.each(damage)('refuses %s', (_, spoil, read, message) => {
  const bytes = sample();
  spoil(bytes, new DataView(bytes.buffer));
  expect(() => read(root(bytes))).toThrow(ArtifactError);
  expect(() => read(root(bytes))).toThrow(message);
});

test('a buffer too short for a header, and another identifier', () => {
  expect(() => root(new Uint8Array(8))).toThrow(/sample: expected a flatbuffer of 12 .*got 8/);
  expect(() => FlatTable.root(sample(), 'ODTC', 'sample')).toThrow(/"ODTC", got "TEST"/);
});
