import { expect, test } from 'vitest';
import { int, message, string, varint } from './wire-format.js';

// protobuf.dev/programming-guides/encoding: 150 is 96 01, "testing" in field 2 is 12 07 …, -2 has ten bytes.
test('the examples of the specification', () => {
  expect([...int(1, 150)]).toEqual([0x08, 0x96, 0x01]);
  expect([...string(2, 'testing')]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
  expect([...message(3, int(1, 150))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  expect([...varint(-2)]).toEqual([0xfe, ...new Array(8).fill(0xff), 0x01]);
});
