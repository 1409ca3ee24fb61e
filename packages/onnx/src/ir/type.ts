/** Element types that our graphs use, spelled as ONNX spells them in lower case. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

/** A static size, or a symbol (`batch`) or polynomial of symbols (`2*batch*seq`) known only when the graph runs. */
export type Dim = number | string;

/** Sizes from the outermost to the innermost axis; `[]` is a scalar. */
export type Shape = readonly Dim[];

/** What is known of a tensor before the graph runs. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
  /** A list of tensors of this dtype and any shapes; only the training runtime's optimizers take one. */
  readonly container?: 'sequence';
}

/** Host arrays that hold tensor elements; float16 and bfloat16 as raw 16-bit codes, bool as 0/1 bytes. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint8Array;

interface DTypeEntry {
  /** `TensorProto.DataType` in onnx.proto. */
  readonly code: number;
  readonly bytes: number;
  readonly array: new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => TypedArray;
  readonly float: boolean;
}

/** Every element type with its ONNX code, size in bytes and host array. */
export const dtypes: { readonly [D in DType]: DTypeEntry } = {
  float32: { code: 1, bytes: 4, array: Float32Array, float: true },
  uint8: { code: 2, bytes: 1, array: Uint8Array, float: false },
  int8: { code: 3, bytes: 1, array: Int8Array, float: false },
  uint16: { code: 4, bytes: 2, array: Uint16Array, float: false },
  int16: { code: 5, bytes: 2, array: Int16Array, float: false },
  int32: { code: 6, bytes: 4, array: Int32Array, float: false },
  int64: { code: 7, bytes: 8, array: BigInt64Array, float: false },
  bool: { code: 9, bytes: 1, array: Uint8Array, float: false },
  float16: { code: 10, bytes: 2, array: Uint16Array, float: true },
  float64: { code: 11, bytes: 8, array: Float64Array, float: true },
  uint32: { code: 12, bytes: 4, array: Uint32Array, float: false },
  uint64: { code: 13, bytes: 8, array: BigUint64Array, float: false },
  bfloat16: { code: 16, bytes: 2, array: Uint16Array, float: true },
};

/** The element type of an ONNX `TensorProto.DataType` code, or undefined where our graphs have none. */
export function dtypeOfCode(code: number): DType | undefined {
  return (Object.keys(dtypes) as DType[]).find((dtype) => dtypes[dtype].code === code);
}

/** Whether gradients can flow through this element type. */
export const isFloat = (dtype: DType): boolean => dtypes[dtype].float;

/** `float32[batch, seq, 768]`. */
export function formatType(type: TensorType): string {
  return type.container ? `sequence(${type.dtype})` : `${type.dtype}[${type.shape.join(', ')}]`;
}
