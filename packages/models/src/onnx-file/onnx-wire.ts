/** Messages of onnx.proto that can hold tensors. */
export type OnnxMessage =
  | 'Model'
  | 'Training'
  | 'Graph'
  | 'Function'
  | 'Node'
  | 'Attribute'
  | 'Sparse'
  | 'Tensor';

/** Which field numbers of each hold which messages (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, version 1.23). */
export const HOLDS: { readonly [Message in OnnxMessage]: Readonly<Record<number, OnnxMessage>> } = {
  Model: { 7: 'Graph', 20: 'Training', 25: 'Function' },
  Training: { 1: 'Graph', 2: 'Graph' },
  Graph: { 1: 'Node', 5: 'Tensor', 15: 'Sparse' },
  Function: { 7: 'Node', 11: 'Attribute' },
  Node: { 5: 'Attribute' },
  Attribute: { 5: 'Tensor', 6: 'Graph', 10: 'Tensor', 11: 'Graph', 22: 'Sparse', 23: 'Sparse' },
  Sparse: { 1: 'Tensor', 2: 'Tensor' },
  Tensor: {},
};

/** TensorProto's `external_data` (a StringStringEntryProto) and `data_location`. */
export const EXTERNAL_DATA = 13;
export const DATA_LOCATION = 14;

/** NodeProto's `op_type`. */
export const OP_TYPE = 4;

/** A field's head: its number, its wire type, and for type 2 its bytes; `next` is where its content begins. */
export interface WireField {
  readonly number: number;
  readonly wire: number;
  /** Bytes of content. */
  readonly length: number;
  readonly next: number;
}

/** Most bytes of a head: a tag and a length, ten bytes each. */
export const HEAD_BYTES = 20;

/**
 * The field whose head begins at `at` (https://protobuf.dev/programming-guides/encoding/).
 * @returns undefined for what is no field: a head that is cut off, groups, a length of 2^53 or more
 */
export function fieldAt(bytes: Uint8Array, at: number): WireField | undefined {
  const tag = varint(bytes, at);
  if (!tag || tag.value > 0xffffffff || tag.value < 8) return undefined;
  const [number, wire] = [Math.floor(tag.value / 8), tag.value % 8];
  switch (wire) {
    case 0: {
      const value = varint(bytes, tag.next);
      return value && { number, wire, length: value.next - tag.next, next: tag.next };
    }
    case 1:
      return { number, wire, length: 8, next: tag.next };
    case 2: {
      const length = varint(bytes, tag.next);
      if (!length || !Number.isSafeInteger(length.value)) return undefined;
      return { number, wire, length: length.value, next: length.next };
    }
    case 5:
      return { number, wire, length: 4, next: tag.next };
    default:
      return undefined;
  }
}

/** A base-128 number of at most ten bytes; beyond 2^53 it is not exact. */
export function varint(bytes: Uint8Array, at: number): { value: number; next: number } | undefined {
  let [value, scale] = [0, 1];
  for (let i = at; i < Math.min(bytes.length, at + 10); i++) {
    value += (bytes[i]! & 0x7f) * scale;
    scale *= 128;
    if (bytes[i]! < 0x80) return { value, next: i + 1 };
  }
  return undefined;
}

/** A field of bytes as it is written. */
export function bytesField(number: number, content: Uint8Array): Uint8Array {
  const head = [...writeVarint(number * 8 + 2), ...writeVarint(content.length)];
  const field = new Uint8Array(head.length + content.length);
  field.set(head);
  field.set(content, head.length);
  return field;
}

function writeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}
