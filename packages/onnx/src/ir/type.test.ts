import { expect, test } from 'vitest';
import { type DType, dtypeOfCode, dtypes, formatType, isFloat } from './type.js';

test('codes, sizes and arrays agree', () => {
  for (const [name, { code, bytes, array }] of Object.entries(dtypes)) {
    expect(dtypeOfCode(code)).toBe(name as DType);
    expect(new array(new ArrayBuffer(2 * bytes)).length, name).toBe(2);
  }
  expect(dtypeOfCode(8)).toBeUndefined();
});

test('which types carry gradients', () => {
  const floats = (Object.keys(dtypes) as DType[]).filter(isFloat);
  expect(floats.toSorted()).toEqual(['bfloat16', 'float16', 'float32', 'float64']);
});

test('types as people read them', () => {
  expect(formatType({ dtype: 'float32', shape: ['batch', 'seq', 768] })).toBe('float32[batch, seq, 768]');
  expect(formatType({ dtype: 'int64', shape: [] })).toBe('int64[]');
  expect(formatType({ dtype: 'float32', shape: [], container: 'sequence' })).toBe('sequence(float32)');
});
