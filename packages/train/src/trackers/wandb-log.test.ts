import { expect, test } from 'vitest';
import { logRecord, readLog, wandbHeader } from './wandb-log.js';
import { joinBytes } from './wire-format.js';

function fileOf(records: readonly Uint8Array[]): Uint8Array {
  let file: Uint8Array = wandbHeader;
  for (const record of records) file = joinBytes([file, logRecord(record, file.length)]);
  return file;
}

const record = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

// 32,768 bytes per block, 7 of the header, 7 before each part: what ends at, just before and just behind a block's end.
test.each([
  [[0, 1, 0]],
  [[32_754, 3]],
  ...[1, 2, 6, 7, 8, 13, 14, 15].map((less) => [[32_768 - 7 - 7 - less, 5, 0]]),
  [[100_000, 70_000, 1]],
])('records of %j bytes come back', (lengths) => {
  const records = lengths.map((length, index) => record(length, index + 1));
  const file = fileOf(records);
  const read = [...readLog(file)];
  expect(read.map(({ data }) => [data.length, data[0]])).toEqual(
    records.map(({ length }, index) => [length, length === 0 ? undefined : index + 1]),
  );
  expect(read.at(-1)!.end).toBe(file.length);
});

test('reading ends before what is cut off, damaged, or of another kind', () => {
  const file = fileOf([record(10, 1), record(40_000, 2), record(10, 3)]);
  expect([...readLog(file.subarray(0, 40_000))].map(({ end }) => end)).toEqual([24]);
  const damaged = file.slice();
  damaged[30_000]! ^= 1;
  expect([...readLog(damaged)].length).toBe(1);
  expect([...readLog(file.subarray(1))]).toEqual([]);
});
