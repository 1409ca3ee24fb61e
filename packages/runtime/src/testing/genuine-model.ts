import { dtypes, type TypedArray } from '@rag/onnx';

/**
 * ONNX protobuf written by hand for the oracle's own tests, so that they do not depend on the encoder that the oracle is to judge.
 * Field numbers from onnx.proto (IR version 8).
 */
type Bytes = readonly number[];

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
const int = (field: number, value: number): Bytes => [...varint(field * 8), ...varint(value)];
const block = (field: number, bytes: Bytes): Bytes => [
  ...varint(field * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
];
const text = (field: number, value: string): Bytes => block(field, [...new TextEncoder().encode(value)]);
const float = (field: number, value: number): Bytes => [
  ...varint(field * 8 + 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

/** A graph input or output: `float32`, `int64` or `bool` of a shape (text is a symbolic size), or a sequence of float32. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: 'float32' | 'int64' | 'bool' | 'sequence';
  readonly shape: readonly (number | string)[];
}

/** One operator; attributes are integers where they are bigint, floats where they are numbers. */
export interface ModelNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, number | bigint>>;
}

export interface Initializer {
  readonly name: string;
  readonly dtype: 'float32' | 'int64';
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** A whole model: IR version 8, opset 17, com.microsoft 1. */
export interface HandModel {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly ModelNode[];
  readonly initializers?: readonly Initializer[];
}

/** The bytes of a `ModelProto`. */
export function writeModel({ inputs, outputs, nodes, initializers = [] }: HandModel): Uint8Array {
  const graph = [
    ...nodes.flatMap((node) => block(1, nodeBytes(node))),
    ...text(2, 'hand'),
    ...initializers.flatMap((tensor) => block(5, tensorBytes(tensor))),
    ...inputs.flatMap((value) => block(11, valueBytes(value))),
    ...outputs.flatMap((value) => block(12, valueBytes(value))),
  ];
  const opset = (domain: string, version: number) => block(8, [...text(1, domain), ...int(2, version)]);
  return Uint8Array.from([...int(1, 8), ...block(7, graph), ...opset('', 17), ...opset('com.microsoft', 1)]);
}

function nodeBytes({ opType, inputs, outputs, domain = '', attributes = {} }: ModelNode): Bytes {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, opType),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      block(5, [
        ...text(1, name),
        ...(typeof value === 'bigint'
          ? [...int(3, Number(value)), ...int(20, 2)]
          : [...float(2, value), ...int(20, 1)]),
      ]),
    ),
    ...text(7, domain),
  ];
}

function tensorBytes({ name, dtype, shape, data }: Initializer): Bytes {
  return [
    ...shape.flatMap((size) => int(1, size)),
    ...int(2, dtypes[dtype].code),
    ...text(8, name),
    ...block(9, [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  ];
}

function valueBytes({ name, dtype, shape }: ValueInfo): Bytes {
  const type =
    dtype === 'sequence'
      ? block(4, block(1, block(1, int(1, 1))))
      : block(1, [
          ...int(1, dtypes[dtype].code),
          ...block(
            2,
            shape.flatMap((size) => block(1, typeof size === 'number' ? int(1, size) : text(2, size))),
          ),
        ]);
  return [...text(1, name), ...block(2, type)];
}
