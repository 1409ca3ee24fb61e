import { create, toBinary } from '@bufbuild/protobuf';
import { GraphError } from '../ir/error.js';
import { dtypeOfCode, dtypes } from '../ir/type.js';
import type { DecodedParameter } from './decode-trainable.js';
import type { ExternalData } from './encode.js';
import {
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from './generated/onnx-ml_pb.js';

/**
 * The file with other elements for its weights and everything else as it was. A parameter that had been an Identity of another
 * becomes an initializer of its own name, and the Identity goes.
 * @param elements of a parameter by its name: row-major and little-endian, or their place in a file beside the model
 * @throws GraphError for elements of another number than the parameter has
 */
export function exchangeWeights(
  model: ModelProto,
  parameters: readonly DecodedParameter[],
  elements: (name: string) => Uint8Array | ExternalData,
): Uint8Array {
  const graph = model.graph!;
  const held = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const exchanged = new Map(
    parameters.map(({ name, initializer }) => [
      name,
      withElements(held.get(initializer)!, name, elements(name)),
    ]),
  );
  const own = new Set(
    parameters.filter(({ name, initializer }) => name !== initializer).map(({ name }) => name),
  );
  const initializer = [
    ...graph.initializer.map((tensor) => exchanged.get(tensor.name) ?? tensor),
    ...[...own].map((name) => exchanged.get(name)!),
  ];
  const node = graph.node.filter(({ opType, output }) => opType !== 'Identity' || !own.has(output[0] ?? ''));
  return toBinary(ModelProtoSchema, { ...model, graph: { ...graph, initializer, node } });
}

function withElements(tensor: TensorProto, name: string, data: Uint8Array | ExternalData): TensorProto {
  const { dims, dataType } = tensor;
  const bytes = Number(dims.reduce((count, dim) => count * dim, 1n)) * dtypes[dtypeOfCode(dataType)!].bytes;
  const given = data instanceof Uint8Array ? data.byteLength : data.length;
  if (given !== bytes) throw new GraphError(`parameter "${name}"`, `expected ${bytes} bytes, got ${given}`);
  if (data instanceof Uint8Array) return create(TensorProtoSchema, { name, dims, dataType, rawData: data });
  const { location, offset, length } = data;
  return create(TensorProtoSchema, {
    name,
    dims,
    dataType,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries({ location, offset, length }).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value: String(value) }),
    ),
  });
}
