import { create, toBinary } from '@bufbuild/protobuf';
import { GraphError } from '../ir/error.js';
import { type Graph, nameOf } from '../ir/trace.js';
import { dtypes, type TensorType } from '../ir/type.js';
import type { Attribute, Node, Value } from '../ir/value.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_SequenceSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './generated/onnx-ml_pb.js';

/** Where a parameter's elements lie in a file beside the model: bytes from the file's start. */
export interface ExternalData {
  /** File name, relative to the folder that the session is told. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** How a graph becomes an ONNX model. */
export interface EncodeOptions {
  /** ai.onnx opset; 17, which every ONNX Runtime since 1.12 and the training runtime 1.19 read, by default. */
  readonly opset?: number;
  /** File format; 8 by default. */
  readonly irVersion?: number;
  /** For each parameter: its elements, a place in a file, or nothing — then it is a graph input. */
  readonly initializer?: (parameter: Value, name: string) => Uint8Array | ExternalData | undefined;
  readonly graphName?: string;
  /** Free key–value pairs of the model. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const producer = { producerName: '@rag/onnx' };

/** The ONNX file of a graph. Outputs and leaves keep their names; nodes are named by scope and op. */
export const encodeModel = (graph: Graph, options: EncodeOptions = {}): Uint8Array =>
  toBinary(ModelProtoSchema, toModelProto(graph, options));

/** The ONNX message of a graph. */
export function toModelProto(graph: Graph, options: EncodeOptions = {}): ModelProto {
  const {
    opset = 17,
    irVersion = 8,
    initializer = () => undefined,
    graphName = 'graph',
    metadata = {},
  } = options;
  const names = nameValues(graph);
  const initializers: TensorProto[] = [];
  const inputs = graph.inputs.map((value) => valueInfo(nameOf(value), value));
  for (const value of graph.parameters) {
    const name = nameOf(value);
    const elements = initializer(value, name);
    if (elements === undefined) inputs.push(valueInfo(name, value));
    else initializers.push(tensorProto(name, value, elements));
  }
  for (const [value, name] of names.constants)
    if (value.source.kind === 'constant')
      initializers.push(tensorProto(name, value, bytesOf(value.source.data)));
  const domains = new Set(graph.nodes.map((node) => node.op.domain).filter(Boolean));
  return create(ModelProtoSchema, {
    ...producer,
    irVersion: BigInt(irVersion),
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) }),
      ...[...domains].map((domain) => create(OperatorSetIdProtoSchema, { domain, version: 1n })),
    ],
    metadataProps: Object.entries(metadata).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph: create(GraphProtoSchema, {
      name: graphName,
      node: [...graph.nodes.map((node) => nodeProto(node, names)), ...names.aliases],
      input: inputs,
      output: Object.entries(graph.outputs).map(([name, value]) => valueInfo(name, value)),
      initializer: initializers,
    }),
  });
}

interface Names {
  readonly of: (value: Value | null) => string;
  readonly nodes: ReadonlyMap<Node, string>;
  readonly constants: ReadonlyMap<Value, string>;
  /** Identity nodes for outputs that are a leaf, or a value that is an output already. */
  readonly aliases: ReturnType<typeof nodeProto>[];
}

function nameValues(graph: Graph): Names {
  const taken = new Set<string>([...graph.inputs, ...graph.parameters].map(nameOf));
  const values = new Map<Value, string>(
    [...graph.inputs, ...graph.parameters].map((value) => [value, nameOf(value)]),
  );
  const unique = (wish: string): string => {
    let name = wish;
    for (let i = 1; taken.has(name); i++) name = `${wish}_${i}`;
    taken.add(name);
    return name;
  };
  const pending: [string, Value][] = [];
  for (const [name, value] of Object.entries(graph.outputs)) {
    if (taken.has(name))
      throw new GraphError('encode', `expected an output name of its own, got "${name}" twice`);
    taken.add(name);
    if (values.has(value) || value.source.kind !== 'node') pending.push([name, value]);
    else values.set(value, name);
  }
  const nodes = new Map<Node, string>();
  const constants = new Map<Value, string>();
  for (const node of graph.nodes) {
    const name = unique([node.scope, node.op.opType].filter(Boolean).join('/'));
    nodes.set(node, name);
    for (const [i, output] of node.outputs.entries())
      if (!values.has(output)) values.set(output, unique(`${name}:${i}`));
    for (const value of node.inputs) if (value) nameConstant(value);
  }
  function nameConstant(value: Value): void {
    if (value.source.kind !== 'constant' || values.has(value)) return;
    const name = unique(`constant_${constants.size}`);
    values.set(value, name);
    constants.set(value, name);
  }
  for (const [, value] of pending) nameConstant(value);
  const of = (value: Value | null): string => (value ? values.get(value)! : '');
  const aliases = pending.map(([name, value]) =>
    create(NodeProtoSchema, {
      opType: 'Identity',
      name: unique(`output/${name}`),
      input: [of(value)],
      output: [name],
    }),
  );
  return { of, nodes, constants, aliases };
}

function nodeProto(node: Node, names: Names) {
  const inputs = node.inputs.map(names.of);
  while (inputs.at(-1) === '') inputs.pop();
  return create(NodeProtoSchema, {
    name: names.nodes.get(node)!,
    opType: node.op.opType,
    domain: node.op.domain,
    input: inputs,
    output: node.outputs.map(names.of),
    attribute: Object.entries(node.attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [attributeProto(name, value, node.op.floats.includes(name))],
    ),
  });
}

function attributeProto(name: string, value: Attribute, float: boolean): AttributeProto {
  const text = new TextEncoder();
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: text.encode(value) });
  if (typeof value === 'number')
    return float
      ? create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value })
      : create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if (value.length > 0 && value.every((item) => typeof item === 'string'))
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRINGS,
      strings: value.map((item) => text.encode(item)),
    });
  return float
    ? create(AttributeProtoSchema, {
        name,
        type: AttributeType.FLOATS,
        floats: [...(value as readonly number[])],
      })
    : create(AttributeProtoSchema, {
        name,
        type: AttributeType.INTS,
        ints: (value as readonly number[]).map(BigInt),
      });
}

function tensorProto(name: string, type: TensorType, data: Uint8Array | ExternalData): TensorProto {
  const proto = create(TensorProtoSchema, {
    name,
    dims: type.shape.map((dim) => BigInt(dim)),
    dataType: dtypes[type.dtype].code,
  });
  if (data instanceof Uint8Array) proto.rawData = data;
  else {
    proto.dataLocation = TensorProto_DataLocation.EXTERNAL;
    proto.externalData = Object.entries({
      location: data.location,
      offset: data.offset,
      length: data.length,
    }).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value: String(value) }));
  }
  return proto;
}

/** A graph input's or output's name and type. */
export function valueInfo(name: string, type: TensorType): ValueInfoProto {
  if (type.container === 'sequence') {
    const elements = create(TypeProto_TensorSchema, { elemType: dtypes[type.dtype].code });
    const elemType = create(TypeProtoSchema, { value: { case: 'tensorType', value: elements } });
    const sequence = create(TypeProto_SequenceSchema, { elemType });
    return create(ValueInfoProtoSchema, {
      name,
      type: create(TypeProtoSchema, { value: { case: 'sequenceType', value: sequence } }),
    });
  }
  const dims = type.shape.map((dim) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof dim === 'number' ? { case: 'dimValue', value: BigInt(dim) } : { case: 'dimParam', value: dim },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: dtypes[type.dtype].code,
    shape: create(TensorShapeProtoSchema, { dim: dims }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } }),
  });
}

const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
