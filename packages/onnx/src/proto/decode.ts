import { fromBinary } from '@bufbuild/protobuf';
import { addDims, sameShape } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { type Graph, graphOf } from '../ir/trace.js';
import { type Dim, dtypeOfCode, type TensorType } from '../ir/type.js';
import { input, sequenceInput, type Value } from '../ir/value.js';
import { decodeNode, lookUp } from './decode-node.js';
import { tensorConstant } from './decode-tensor.js';
import { type ModelProto, ModelProtoSchema, type ValueInfoProto } from './generated/onnx-ml_pb.js';

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
  const opset = checkOpset(model);
  const values = new Map<string, Value>();
  for (const tensor of graph.initializer) values.set(tensor.name, tensorConstant(tensor));
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
    opset,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

/** The ai.onnx opset. Our rules are those of 13 to 17, `decode-forms.ts` reads what 18 to 21 say otherwise. */
export function checkOpset(model: ModelProto): number {
  const listed = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const opset = Number(listed?.version ?? 0n);
  if (opset < 13 || opset > 21)
    throw new GraphError('decode', `expected ai.onnx opset 13 to 21, got ${listed ? opset : 'none'}`);
  return opset;
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

/** A graph input of that type. */
export const inputOf = (name: string, { dtype, shape, container }: TensorType): Value =>
  container ? sequenceInput(name, dtype) : input(name, dtype, shape);

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
  if (given !== type) return { dtype, shape: [], container: 'sequence' };
  if (!type.value.shape) throw new GraphError(`"${info.name}"`, 'expected a shape, got a tensor of any rank');
  const shape = type.value.shape.dim.map((dim, axis): Dim => {
    if (dim.value.case === 'dimValue') return checkedSize(dim.value.value, info.name);
    return symbolOf(dim.value.case === 'dimParam' ? dim.value.value : '', `${info.name}_${axis}`);
  });
  return { dtype, shape };
}

function checkedSize(size: bigint, name: string): number {
  if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new GraphError(`"${name}"`, `expected sizes from 0 to 2^53, got ${size}`);
  return Number(size);
}

/** A dim's symbol as it stands where it is one of our polynomials; else one symbol of its letters and digits. */
function symbolOf(given: string, otherwise: string): Dim {
  const name = given === '' ? otherwise : given;
  if (/^[A-Za-z_][\w.]*$/.test(name)) return name;
  const canonical =
    /^-?\w[\w.]*([*+-]\w[\w.]*)*$/.test(name) && name.length < 256 ? addDims(name, 0) : undefined;
  return canonical === name ? canonical : `dim_${name.replaceAll(/[^\w.]/g, '_')}`;
}

/** Whether two models declare the same type for a value. */
export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape);
