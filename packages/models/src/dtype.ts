import { bfloat16ToFloat32, float16ToFloat32 } from './float16.js';

/** Bytes per element of every safetensors dtype that fills whole bytes. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  C64: 8,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

/** A dtype as safetensors spells it. */
export type Dtype = keyof typeof DTYPE_BYTES;

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value);
}

/** The number of elements of a shape; the empty shape is a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/**
 * Decodes little-endian elements to float32: F16 and BF16 exactly, F64 rounded to nearest.
 * An integer or a finite F64 that float32 cannot hold (inexact, or overflow) and the dtypes F8_* and C64 are errors.
 * @param where what the error message names: the tensor.
 */
export function toFloat32(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: Dtype,
  where: string,
): Float32Array<ArrayBuffer> {
  const width = DTYPE_BYTES[dtype];
  const { buffer, byteOffset, byteLength } = alignTo(bytes, width);
  const count = byteLength / width;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer, byteOffset, count));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, count));
    case 'F64':
      return fromFloat64(new Float64Array(buffer, byteOffset, count), where);
    case 'BOOL':
    case 'U8':
      return Float32Array.from(bytes);
    case 'I8':
      return Float32Array.from(new Int8Array(buffer, byteOffset, count));
    case 'I16':
      return Float32Array.from(new Int16Array(buffer, byteOffset, count));
    case 'U16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count));
    case 'I32':
      return fromIntegers(new Int32Array(buffer, byteOffset, count), where);
    case 'U32':
      return fromIntegers(new Uint32Array(buffer, byteOffset, count), where);
    case 'I64':
      return fromIntegers(new BigInt64Array(buffer, byteOffset, count), where);
    case 'U64':
      return fromIntegers(new BigUint64Array(buffer, byteOffset, count), where);
    default:
      throw new TypeError(
        `${where}: expected a dtype that float32 can represent, got ${dtype} — convert the checkpoint to F32, F16 or BF16`,
      );
  }
}

/** The same bytes where a typed array of this element width may start. */
function alignTo(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

function fromFloat64(values: Float64Array, where: string): Float32Array<ArrayBuffer> {
  const out = Float32Array.from(values);
  const bad = out.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(values[i]));
  if (bad >= 0) throw unrepresentable(where, bad, String(values[bad]));
  return out;
}

function fromIntegers(
  values: Int32Array | Uint32Array | BigInt64Array | BigUint64Array,
  where: string,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    out[i] = Number(value);
    // As bigints, so that a 64-bit value is not rounded before it is compared.
    if (BigInt(out[i]!) !== BigInt(value)) throw unrepresentable(where, i, String(value));
  }
  return out;
}

function unrepresentable(where: string, index: number, value: string): RangeError {
  return new RangeError(
    `${where}: expected values that float32 can hold, got ${value} at element ${index} — read this tensor's bytes instead`,
  );
}
