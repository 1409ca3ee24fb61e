import { describe, expect, test } from 'vitest';
import {
  checkTensor,
  type DType,
  dtypeOfCode,
  dtypes,
  elementCount,
  overlaps,
  Tensor,
  tensorsOf,
  zeros,
} from './tensor.js';

test('tensorsOf checks each part and keeps names and arrays', () => {
  const data = Float32Array.of(1, 2);
  const { mask } = tensorsOf({ mask: { dtype: 'float32', shape: [2], data } });
  expect(mask).toBeInstanceOf(Tensor);
  expect(mask!.data).toBe(data);
  expect(() => tensorsOf({ mask: { dtype: 'float32', shape: [3], data } })).toThrow('expected 3 elements');
});

describe('Tensor', () => {
  test('keeps the array and a copy of the shape', () => {
    const shape = [2, 3];
    const data = new Float32Array(6);
    const tensor = new Tensor('float32', shape, data);
    shape[0] = 9;
    expect(tensor.data).toBe(data);
    expect(tensor.shape).toEqual([2, 3]);
    expect(new Tensor('float32', [], new Float32Array(1)).shape).toEqual([]);
    expect(new Tensor('int64', [4, 0], new BigInt64Array(0)).data.length).toBe(0);
  });

  test('takes float16 as Uint16Array, int64 as BigInt64Array and bool as Uint8Array', () => {
    for (const dtype of Object.keys(dtypes) as DType[]) {
      const tensor = zeros(dtype, [2, 2]);
      expect(tensor.data).toBeInstanceOf(dtypes[dtype].array);
      expect(tensor.data.byteLength).toBe(4 * dtypes[dtype].bytes);
    }
    expect(dtypes.float16.array).toBe(Uint16Array);
    expect(dtypes.int64.array).toBe(BigInt64Array);
    expect(dtypes.bool.array).toBe(Uint8Array);
  });

  test('refuses what does not fit', () => {
    const data = new Float32Array(6);
    expect(() => new Tensor('float32', [2, 2], data)).toThrow(
      'Tensor float32[2, 2]: expected 4 elements, got 6',
    );
    expect(() => new Tensor('int64', [6], data)).toThrow(
      'Tensor int64[6]: expected a BigInt64Array, got Float32Array',
    );
    expect(() => new Tensor('float32', [2, -3], data)).toThrow('whole numbers ≥ 0');
    expect(() => new Tensor('float32', [1.5, 4], data)).toThrow('whole numbers ≥ 0');
    expect(() => new Tensor('string' as DType, [6], data)).toThrow('expected a dtype out of float32');
    expect(() => new Tensor('toString' as DType, [6], data)).toThrow('expected a dtype out of float32');
    expect(() => new Tensor('float32', [6], null as unknown as Float32Array)).toThrow(
      'expected a Float32Array, got null',
    );
    const growable = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]) as ArrayBuffer;
    expect(() => new Tensor('float32', [2], new Float32Array(growable, 0, 2))).toThrow('got a resizable one');
  });

  test('is checked again where its memory is read', () => {
    const tensor = zeros('float32', [2]);
    checkTensor('here', tensor);
    structuredClone(tensor.data.buffer, { transfer: [tensor.data.buffer as ArrayBuffer] });
    expect(() => checkTensor('here', tensor)).toThrow(
      'here: expected 2 elements, got 0 — was its buffer transferred',
    );
    expect(() => checkTensor('here', { ...zeros('float32', [2]) } as Tensor)).toThrow('expected a Tensor');
  });
});

test('counts elements, and refuses counts beyond exact numbers', () => {
  expect(elementCount('x', [])).toBe(1);
  expect(elementCount('x', [3, 0, 5])).toBe(0);
  expect(() => elementCount('x', [2 ** 40, 2 ** 40])).toThrow('fewer than 2^53 elements');
});

test('names the element types that ONNX codes stand for', () => {
  for (const dtype of Object.keys(dtypes) as DType[])
    expect(dtypeOfCode('x', dtypes[dtype].code)).toBe(dtype);
  expect(() => dtypeOfCode('output "tokens"', 8)).toThrow('output "tokens": expected one of');
});

test('sees shared memory', () => {
  const memory = new Float32Array(8);
  const at = (start: number, end: number) =>
    new Tensor('float32', [end - start], memory.subarray(start, end));
  expect(overlaps(at(0, 4), at(3, 8))).toBe(true);
  expect(overlaps(at(3, 8), at(0, 4))).toBe(true);
  expect(overlaps(at(0, 4), at(4, 8))).toBe(false);
  expect(overlaps(at(0, 8), at(2, 2))).toBe(false);
  expect(overlaps(at(0, 4), zeros('float32', [4]))).toBe(false);
});
