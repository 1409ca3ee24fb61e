import { dtypes, type ExternalData, encodeModel, type Graph, nameOf, sizeOf, type Value } from '@rag/onnx';
import { MAPPED_BYTES } from '../model-with-weights.js';

/** A graph over padded inputs with the elements of its parameters: what becomes a file for other tools. */
export interface PortableModel {
  readonly graph: Graph;
  /** A parameter's elements, row-major and little-endian, in its dtype. */
  read(name: string): Promise<Uint8Array>;
}

/** Bytes to which each weight of a file of external data is aligned: a page, so that it can be mapped. */
const ALIGNMENT = 4096;
/** Protobuf's limit of a message, less what a graph without weights takes. */
const MOST_BYTES = 2 ** 31 - 2 ** 24;

/** A model that keeps its parameters as they are: float32. */
export const singlePrecision = (
  graph: Graph,
  read: (name: string) => Promise<Float32Array>,
): PortableModel => ({
  graph,
  read: async (name) => {
    const { buffer, byteOffset, byteLength } = await read(name);
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
});

/** Bytes of a parameter. */
export const bytesOfParameter = ({ dtype, shape }: Value): number =>
  Number(sizeOf(shape)) * dtypes[dtype].bytes;

/** Bytes of all parameters. */
export const bytesOfParameters = ({ parameters }: Graph): number =>
  parameters.reduce((sum, value) => sum + bytesOfParameter(value), 0);

/** True for weights that are kept apart from the model unless one asks otherwise: they are written one by one, and read where they are mapped. */
export const isLarge = (graph: Graph): boolean => bytesOfParameters(graph) >= MAPPED_BYTES;

/** True where the weights fit into the model's own file, which ends below 2 GiB. */
const fitsOneFile = (graph: Graph): boolean => bytesOfParameters(graph) <= MOST_BYTES;

/**
 * The bytes of a model that holds its weights.
 * @throws RangeError where they do not fit; a parameter of another size than its shape says is an error too
 */
export async function encodeOneFile({ graph, read }: PortableModel): Promise<Uint8Array> {
  if (!fitsOneFile(graph))
    throw new RangeError(
      `externalData: expected weights of at most ${MOST_BYTES} bytes for a single file, got ${bytesOfParameters(graph)} — leave it out or pass true`,
    );
  const weights = new Map<string, Uint8Array>();
  for (const value of graph.parameters) weights.set(nameOf(value), checked(value, await read(nameOf(value))));
  return encodeModel(graph, { initializer: (_, name) => weights.get(name)! });
}

/** A model whose weights are in a second file, and that file's parts in order. */
export interface SplitModel {
  readonly model: Uint8Array;
  /** Bytes of the second file. */
  readonly length: number;
  parts(): AsyncGenerator<Uint8Array>;
}

/** @param location the second file's name; it lies beside the model's */
export function encodeSplit({ graph, read }: PortableModel, location: string): SplitModel {
  const places = new Map<string, ExternalData>();
  let end = 0;
  for (const value of graph.parameters) {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const length = bytesOfParameter(value);
    places.set(nameOf(value), { location, offset, length });
    end = offset + length;
  }
  async function* parts() {
    let at = 0;
    for (const value of graph.parameters) {
      const { offset, length } = places.get(nameOf(value))!;
      if (offset > at) yield new Uint8Array(offset - at);
      yield checked(value, await read(nameOf(value)));
      at = offset + length;
    }
  }
  return { model: encodeModel(graph, { initializer: (_, name) => places.get(name)! }), length: end, parts };
}

function checked(value: Value, bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength !== bytesOfParameter(value))
    throw new RangeError(
      `${nameOf(value)}: expected ${bytesOfParameter(value)} bytes (${value.dtype} [${value.shape}]), got ${bytes.byteLength} — give the parameter of this model`,
    );
  return bytes;
}
