import { type DType, dtypes } from '../tensor.js';

/** A value of a graph: symbolic sizes are names. */
export interface TinyValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

/** One ONNX node; attributes are whole numbers. */
export interface TinyNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number>>;
}

/** A tensor that stands in a file beside the model. */
export interface TinyExternal extends TinyValue {
  readonly location: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A protobuf field: numbers as varints, strings and messages with their length. */
function field(number: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === 'number') return join([varint(number * 8), varint(value)]);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return join([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function valueInfo({ name, dtype, shape }: TinyValue): Uint8Array {
  const dims = shape.map((size) => field(1, field(typeof size === 'number' ? 1 : 2, size)));
  const tensorType = join([field(1, dtypes[dtype].code), field(2, join(dims))]);
  return join([field(1, name), field(2, field(1, tensorType))]);
}

function node({ op, inputs, outputs, attributes = {} }: TinyNode, index: number): Uint8Array {
  return join([
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(3, `${op}_${index}`),
    field(4, op),
    // AttributeProto: name, i, type INT.
    ...Object.entries(attributes).map(([name, value]) =>
      field(5, join([field(1, name), field(3, value), field(20, 2)])),
    ),
  ]);
}

function external({ name, dtype, shape, location, offset, length }: TinyExternal): Uint8Array {
  const entries = Object.entries({ location, offset: String(offset), length: String(length) });
  return join([
    ...shape.map((size) => field(1, Number(size))),
    field(2, dtypes[dtype].code),
    field(8, name),
    ...entries.map(([key, value]) => field(13, join([field(1, key), field(2, value)]))),
    field(14, 1),
  ]);
}

/**
 * Bytes of a small ONNX model (IR 8, opset 17; field numbers of onnx.proto), so that the exam of drivers stands on nothing
 * but the runtime.
 */
export function tinyModel(
  inputs: readonly TinyValue[],
  outputs: readonly TinyValue[],
  nodes: readonly TinyNode[],
  externals: readonly TinyExternal[] = [],
): Uint8Array {
  const graph = join([
    ...nodes.map((each, index) => field(1, node(each, index))),
    field(2, 'tiny'),
    ...externals.map((each) => field(5, external(each))),
    ...inputs.map((each) => field(11, valueInfo(each))),
    ...outputs.map((each) => field(12, valueInfo(each))),
  ]);
  return join([field(1, 8), field(7, graph), field(8, join([field(1, ''), field(2, 17)]))]);
}
