import { expect, test } from 'vitest';
import { memmapLayout } from './memmap.js';

const file = (elements: number) => ({ name: 'vec.memmap', size: elements * 4 });

test('rows follow from size and width', () => {
  const layout = memmapLayout(file(3584 * 7), { width: 3584, rows: 7 });
  expect([layout.rows, layout.width, layout.dtype, layout.offsetOf(2)]).toEqual([7, 3584, 'float32', 28672]);
  expect(memmapLayout(file(6), { width: 2 }).rows).toBe(3);
});

test('a missing width says which would fit, by the rows when they are known', () => {
  expect(() => memmapLayout(file(1024 * 3), {})).toThrow(
    "vec.memmap: expected a width for a file without a header, got none — give the teacher's width; of the usual " +
      'widths these fit: 64 (48 rows), 128 (24 rows), 256 (12 rows), 384 (8 rows), 512 (6 rows), 768 (4 rows), ' +
      '1024 (3 rows), 1536 (2 rows), 3072 (1 rows)',
  );
  expect(() => memmapLayout(file(3000), { rows: 10 })).toThrow('10 rows would fit with width 300');
  expect(() => memmapLayout(file(3001), { rows: 10 })).toThrow('no width fits 10 rows');
  expect(() => memmapLayout(file(31), {})).toThrow('no usual width fits; check that the file is float32');
});

test('a width that contradicts the size, and rows that do', () => {
  expect(() => memmapLayout(file(768 * 4), { width: 1000 })).toThrow(
    /expected a whole number of rows of width 1000, got 3072 float32 elements \(3.072 rows\) — .*768 \(4 rows\)/,
  );
  // 6 × 1024 elements are also 3 × 2048: only the number of texts tells.
  expect(() => memmapLayout(file(6 * 1024), { width: 2048, rows: 6 })).toThrow(
    /expected 6 rows of width 2048, got 6144 .*6 rows would fit with width 1024/,
  );
  expect(() => memmapLayout(file(8), { width: 0 })).toThrow('expected a width from 1 to 1048576, got 0');
});

test('a size that is no float32 array', () => {
  expect(() => memmapLayout({ name: 'v', size: 10 }, { width: 2 })).toThrow('v: expected float32 elements');
  expect(() => memmapLayout({ name: 'v', size: 0 }, { width: 2 })).toThrow('got an empty file');
});
