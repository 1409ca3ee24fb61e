import {
  cast,
  type ExternalData,
  encodeModel,
  type Graph,
  graphOf,
  nameOf,
  parameter,
  replaceValues,
  type Value,
} from '@rag/onnx';
import type { ParameterSpec } from './match-parameters.js';

/** A graph's parameters, in order of first use. */
export const parametersOf = ({ parameters }: Graph): ParameterSpec[] =>
  parameters.map((value) => ({ name: nameOf(value), shape: value.shape as readonly number[] }));

/** Where a parameter's elements come from: memory, or a place in a file and the dtype they have there. */
export type WeightSource =
  | { readonly data: Float32Array }
  | { readonly file: ExternalData; readonly dtype: 'float32' | 'float16' | 'bfloat16' };

/** Protobuf's limit of a message, and so of the weights that a model can hold itself. */
const MODEL_BYTES = 2 ** 31;

/**
 * The graph as an ONNX model that holds or points at its weights; half-precision weights are widened in the graph.
 * @throws RangeError for a parameter without a source, and for 2 GiB or more in memory
 */
export function modelWithWeights(graph: Graph, sources: ReadonlyMap<string, WeightSource>): Uint8Array {
  const sourceOf = (name: string): WeightSource => {
    const source = sources.get(name);
    if (!source)
      throw new RangeError(
        `weights: expected "${name}", got no such parameter — give every parameter of the model`,
      );
    return source;
  };
  const held = graph.parameters.reduce((bytes, value) => {
    const source = sourceOf(nameOf(value));
    return bytes + ('data' in source ? source.data.byteLength : 0);
  }, 0);
  if (held >= MODEL_BYTES)
    throw new RangeError(
      `weights: expected less than ${MODEL_BYTES} bytes in memory, got ${held} — save the model and open its directory`,
    );
  const widened = new Map<Value, Value>();
  for (const value of graph.parameters) {
    const source = sourceOf(nameOf(value));
    if ('data' in source || source.dtype === 'float32') continue;
    widened.set(
      value,
      cast(parameter(nameOf(value), value.shape as readonly number[], source.dtype), 'float32'),
    );
  }
  const names = Object.keys(graph.outputs);
  const outputs = replaceValues(Object.values(graph.outputs), widened);
  const complete = graphOf(graph.inputs, Object.fromEntries(names.map((name, i) => [name, outputs[i]!])));
  return encodeModel(complete, {
    initializer: (_, name) => {
      const source = sourceOf(name);
      if ('file' in source) return source.file;
      const { buffer, byteOffset, byteLength } = source.data;
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  });
}
