import { GraphError } from '../ir/error.js';
import { dtypeOfCode, dtypes } from '../ir/type.js';
import { tensorConstant, tensorType } from './decode-tensor.js';
import type { ExternalData } from './encode.js';
import { type ModelProto, type TensorProto, TensorProto_DataLocation } from './generated/onnx-ml_pb.js';
import { initializerRoles } from './initializer-roles.js';

/** Bytes of an initializer, in the message or in a file beside it. */
export type InitializerElements = Uint8Array | ExternalData;

/** The initializers of a file by name: where their elements are. @throws GraphError for entries that make no sense */
export function initializerElements({ graph }: ModelProto): ReadonlyMap<string, InitializerElements> {
  return new Map((graph?.initializer ?? []).map((tensor) => [tensor.name, elementsOf(tensor)]));
}

/** Names of the initializers that are no weights, see `decodeTrainable`: their elements are part of the graph. */
export function constantInitializers({ graph }: ModelProto): string[] {
  if (!graph) return [];
  const { read, parameters, frozen } = initializerRoles(graph, graph.node);
  return graph.initializer
    .map(({ name }) => name)
    .filter((name) => read.has(name) && (!parameters.has(name) || frozen.includes(name)));
}

/** Puts elements that lay in another file into the message. */
export function inlineInitializers(model: ModelProto, elements: ReadonlyMap<string, Uint8Array>): void {
  for (const tensor of model.graph?.initializer ?? []) {
    const bytes = elements.get(tensor.name);
    if (!bytes) continue;
    tensor.rawData = bytes;
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
    tensor.externalData = [];
  }
}

function elementsOf(tensor: TensorProto): InitializerElements {
  const where = `tensor "${tensor.name}"`;
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) {
    const { rawData } = tensor;
    // A file with elements of unknown types is refused by its ops.
    const bytes = dtypeOfCode(tensor.dataType) && byteLengthOf(tensor);
    if (rawData.byteLength > 0 && bytes !== undefined && rawData.byteLength !== bytes)
      throw new GraphError(where, `expected ${bytes} bytes, got ${rawData.byteLength}`);
    if (rawData.byteLength > 0) return rawData;
    const { source } = tensorConstant(tensor);
    const { buffer, byteOffset, byteLength } = (source as { data: ArrayBufferView }).data;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const bytes = byteLengthOf(tensor);
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location');
  const [offset, length] = [Number(entries.get('offset') ?? 0), Number(entries.get('length') ?? bytes)];
  if (!location || !Number.isSafeInteger(offset) || offset < 0 || length !== bytes)
    throw new GraphError(
      where,
      `expected external data of ${bytes} bytes in a file, got offset ${entries.get('offset')} and length ${entries.get('length')} in ${JSON.stringify(location ?? '')}`,
    );
  return { location, offset, length };
}

function byteLengthOf(tensor: TensorProto): number {
  const { dtype, shape } = tensorType(tensor);
  return (shape as readonly number[]).reduce((product, dim) => product * dim, dtypes[dtype].bytes);
}
