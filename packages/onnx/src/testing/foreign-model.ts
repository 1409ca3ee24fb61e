import { create, toBinary } from '@bufbuild/protobuf';
import { dtypes } from '../ir/type.js';
import { valueInfo } from '../proto/encode.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '../proto/generated/onnx-ml_pb.js';
import type { HostTensor } from './host-tensor.js';

/** A node as other writers write it. */
export interface ForeignNodeSpec {
  readonly opType: string;
  readonly domain?: string;
  readonly name?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute?: readonly AttributeProto[];
}

/** A file as other writers write it: its nodes, initializers by name, and the types of its inputs. */
export interface ForeignModelSpec {
  readonly nodes: readonly ForeignNodeSpec[];
  readonly inputs?: Readonly<Record<string, HostTensor>>;
  readonly initializers?: Readonly<Record<string, HostTensor>>;
  readonly outputs: readonly string[];
  readonly opset?: number;
}

/** The bytes of such a file; outputs have no declared type. */
export function foreignModel({
  nodes,
  inputs = {},
  initializers = {},
  outputs,
  opset = 17,
}: ForeignModelSpec) {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [['', opset] as const, ['com.microsoft', 1] as const].map(([domain, version]) =>
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
      ),
      graph: create(GraphProtoSchema, {
        name: 'foreign',
        node: nodes.map(({ input, output, attribute = [], ...node }) =>
          create(NodeProtoSchema, {
            ...node,
            input: [...input],
            output: [...output],
            attribute: [...attribute],
          }),
        ),
        input: Object.entries(inputs).map(([name, type]) => valueInfo(name, type)),
        initializer: Object.entries(initializers).map(([name, { dtype, shape, data }]) =>
          create(TensorProtoSchema, {
            name,
            dims: shape.map(BigInt),
            dataType: dtypes[dtype].code,
            rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
          }),
        ),
        output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
      }),
    }),
  );
}

export const intAttribute = (name: string, i: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(i) });
export const intsAttribute = (name: string, ...ints: number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: ints.map(BigInt) });
export const stringAttribute = (name: string, s: string): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(s) });
