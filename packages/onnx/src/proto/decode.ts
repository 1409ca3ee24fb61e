import { fromBinary } from '@bufbuild/protobuf';
import { sameShape } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { applyOp } from '../ir/op.js';
import { type Graph, graphOf } from '../ir/trace.js';
import { type Dim, dtypeOfCode, dtypes, type TensorType, type TypedArray } from '../ir/type.js';
import { type Attribute, type Attributes, constant, input, sequenceInput, type Value } from '../ir/value.js';
import { opKey, opTable } from '../ops/table.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  type ValueInfoProto,
} from './generated/onnx-ml_pb.js';

/** A model read from a file: its graph, where graph inputs are all inputs, and its free key–value pairs. */
export interface DecodedModel {
  readonly graph: Graph;
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads the ONNX file of a graph that our ops can express; throws `GraphError` naming the first node that cannot be. */
export function decodeModel(bytes: Uint8Array): DecodedModel {
  const model = readModelProto(bytes);
  const { graph } = model;
  if (!graph) throw new GraphError('decode', 'expected a model with a graph, got none');
  const values = new Map<string, Value>();
  for (const tensor of graph.initializer) values.set(tensor.name, constantOf(tensor));
  const inputs = graph.input
    .filter((info) => !values.has(info.name))
    .map((info) => inputOf(info.name, typeOf(info)));
  for (const value of inputs) values.set((value.source as { name: string }).name, value);
  for (const node of graph.node) decodeNode(node, values);
  const outputs = Object.fromEntries(
    graph.output.map((info) => [info.name, lookUp(info.name, values, 'the outputs')]),
  );
  return {
    graph: graphOf(inputs, outputs),
    opset: Number(
      model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n,
    ),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

/** Parses an ONNX file without interpreting it. */
export function readModelProto(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new GraphError(
      'decode',
      `expected an ONNX model, got bytes that are none (${(error as Error).message})`,
      { cause: error },
    );
  }
}

const inputOf = (name: string, { dtype, shape, container }: TensorType): Value =>
  container ? sequenceInput(name, dtype) : input(name, dtype, shape);

function lookUp(name: string, values: ReadonlyMap<string, Value>, where: string): Value {
  const value = values.get(name);
  if (!value)
    throw new GraphError('decode', `expected "${name}" to be written before ${where}, got no such value`);
  return value;
}

function decodeNode(node: NodeProto, values: Map<string, Value>): void {
  const op = opTable.get(opKey(node.domain, node.opType));
  const where = `node "${node.name}"`;
  if (!op)
    throw new GraphError(
      where,
      `expected an op that @rag/onnx knows, got ${node.domain || 'ai.onnx'}.${node.opType}`,
    );
  const inputs = node.input.map((name) => (name === '' ? null : lookUp(name, values, where)));
  const attributes: Attributes = Object.fromEntries(
    node.attribute.map((attribute) => [attribute.name, attributeOf(attribute, where)]),
  );
  const scope = node.name.split('/').slice(0, -1).join('/');
  const outputs = applyOp(op, inputs, attributes, undefined, scope);
  for (const [i, name] of node.output.entries()) {
    if (name === '') continue;
    const output = outputs[i];
    if (!output)
      throw new GraphError(
        where,
        `expected at most ${outputs.length} outputs of ${node.opType}, got ${node.output.length}`,
      );
    values.set(name, output);
  }
}

function attributeOf(attribute: AttributeProto, where: string): Attribute {
  const text = new TextDecoder();
  switch (attribute.type) {
    case AttributeType.FLOAT:
      return attribute.f;
    case AttributeType.INT:
      return Number(attribute.i);
    case AttributeType.STRING:
      return text.decode(attribute.s);
    case AttributeType.FLOATS:
      return attribute.floats;
    case AttributeType.INTS:
      return attribute.ints.map(Number);
    case AttributeType.STRINGS:
      return attribute.strings.map((bytes) => text.decode(bytes));
    default:
      throw new GraphError(
        where,
        `expected attribute "${attribute.name}" to be a number, string or list, got type ${attribute.type}`,
      );
  }
}

/** The type that a graph input or output declares. */
export function typeOf(info: ValueInfoProto): TensorType {
  const given = info.type?.value;
  const type = given?.case === 'sequenceType' ? given.value.elemType?.value : given;
  if (type?.case !== 'tensorType')
    throw new GraphError(`"${info.name}"`, `expected a tensor, got ${type?.case ?? 'no type'}`);
  const dtype = dtypeOfCode(type.value.elemType);
  if (!dtype)
    throw new GraphError(
      `"${info.name}"`,
      `expected a supported element type, got code ${type.value.elemType}`,
    );
  const shape = (type.value.shape?.dim ?? []).map((dim, axis): Dim => {
    if (dim.value.case === 'dimValue') return Number(dim.value.value);
    return dim.value.case === 'dimParam' && dim.value.value !== '' ? dim.value.value : `${info.name}_${axis}`;
  });
  return given === type ? { dtype, shape } : { dtype, shape: [], container: 'sequence' };
}

function constantOf(tensor: TensorProto): Value {
  const where = `initializer "${tensor.name}"`;
  const dtype = dtypeOfCode(tensor.dataType);
  if (!dtype) throw new GraphError(where, `expected a supported element type, got code ${tensor.dataType}`);
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw new GraphError(
      where,
      'expected elements in the model, got external data — load the model through a session',
    );
  const shape = tensor.dims.map(Number);
  const count = shape.reduce((product, dim) => product * dim, 1);
  return constant(elementsOf(tensor, dtype, count, where), dtype, shape);
}

function elementsOf(
  tensor: TensorProto,
  dtype: TensorType['dtype'],
  count: number,
  where: string,
): TypedArray {
  const { array, bytes } = dtypes[dtype];
  if (tensor.rawData.byteLength > 0 || count === 0) {
    if (tensor.rawData.byteLength !== count * bytes)
      throw new GraphError(where, `expected ${count * bytes} bytes, got ${tensor.rawData.byteLength}`);
    return new array(tensor.rawData.slice().buffer);
  }
  const listed = {
    float32: tensor.floatData,
    float64: tensor.doubleData,
    int64: tensor.int64Data,
    uint64: tensor.uint64Data,
  };
  const source: readonly (number | bigint)[] = listed[dtype as keyof typeof listed] ?? tensor.int32Data;
  if (source.length !== count)
    throw new GraphError(where, `expected ${count} elements, got ${source.length}`);
  const elements = new array(new ArrayBuffer(count * bytes));
  for (let i = 0; i < count; i++) elements[i] = source[i]!;
  return elements;
}

/** Whether two models declare the same type for a value. */
export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape);
