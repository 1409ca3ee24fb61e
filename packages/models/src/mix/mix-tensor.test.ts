import { expect, test } from 'vitest';
import type { Dtype } from '../dtype.js';
import { copyTensor, isFloat, mixedDtype, mixTensor } from './mix-tensor.js';
import type { StoredTensor } from './stored-tensor.js';

/** A tensor that counts what was read of it. */
function stored(values: readonly number[], hasParts = true, dtype: Dtype = 'F32') {
  const reads: [from: number, count: number][] = [];
  const data = Float32Array.from(values);
  const tensor: StoredTensor = {
    dtype,
    shape: [values.length],
    hasParts,
    async read(from, count) {
      reads.push([from, count]);
      return data.subarray(from, from + count);
    },
    bytes: async () => (hasParts ? Uint8Array.from(values) : undefined),
  };
  return { tensor, reads };
}

test('the sum is taken in float64 and rounded once', async () => {
  // In float32 the small terms would be lost one after the other.
  const parts = [1, 3e-8, 3e-8, 3e-8].map((value) => stored([value]).tensor);
  expect(await mixTensor(parts, [1, 1, 1, 1])).toEqual(Float32Array.of(Math.fround(1 + 9e-8)));
  expect(Math.fround(1 + 9e-8)).not.toBe(1);
});

test('parts are read by chunks where files allow it, and not at all without a weight', async () => {
  const length = (1 << 20) + 5;
  const [a, b, c] = [stored(new Array(length).fill(2)), stored(new Array(length).fill(4)), stored([])];
  const mixed = await mixTensor([a.tensor, b.tensor, c.tensor], [0.5, 0.5, 0]);
  expect([mixed.length, mixed[0], mixed.at(-1)]).toEqual([length, 3, 3]);
  expect(a.reads).toEqual([
    [0, 1 << 20],
    [1 << 20, 5],
  ]);
  expect(c.reads).toEqual([]);
  const view = stored(new Array(length).fill(4), false);
  await mixTensor([a.tensor, view.tensor], [0.5, 0.5]);
  expect(view.reads).toEqual([[0, length]]);
  expect(await mixTensor([stored([]).tensor], [1])).toEqual(new Float32Array(0));
});

test('a mix has the half precision that all parts share, or F32', () => {
  expect(mixedDtype(['F16', 'F16'])).toBe('F16');
  expect(mixedDtype(['BF16', 'BF16', 'BF16'])).toBe('BF16');
  for (const dtypes of [
    ['F16', 'BF16'],
    ['F16', 'F32'],
    ['F64', 'F64'],
  ] as Dtype[][])
    expect(mixedDtype(dtypes)).toBe('F32');
  expect((['F64', 'BF16', 'I64', 'BOOL', 'F8_E4M3'] as Dtype[]).map(isFloat)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('integers are equal, or the first that differs is named', async () => {
  const of = (...lists: number[][]) => lists.map((values) => stored(values, true, 'U8').tensor);
  expect(await copyTensor(of([1, 2], [1, 2]))).toEqual({ bytes: Uint8Array.of(1, 2) });
  expect(await copyTensor(of([1, 2], [1, 2], [1, 3]))).toEqual({ differs: 2 });
  expect(await copyTensor([...of([1]), stored([1], false).tensor])).toEqual({ unreadable: 1 });
});
