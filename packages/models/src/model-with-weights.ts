import { type ExternalData, encodeModel, type Graph, nameOf, parameter, type Value } from '@rag/onnx';
import { widenParameters } from './export/widen-parameters.js';
import { adaptedGraph } from './lora/adapted-graph.js';
import type { LowRank } from './lora/low-rank.js';
import type { ParameterSpec } from './match-parameters.js';

/** A graph's parameters, in order of first use. */
export const parametersOf = ({ parameters }: Graph): ParameterSpec[] =>
  parameters.map((value) => ({ name: nameOf(value), shape: value.shape as readonly number[] }));

/** Where a parameter's elements come from: memory, or a place in a file and the dtype they have there. */
export type WeightSource =
  | { readonly data: Float32Array }
  | {
      readonly file: ExternalData;
      readonly dtype: 'float32' | 'float16' | 'bfloat16';
      /** What is added to them; the sum is never made, see `adaptedGraph`. */
      readonly adapters?: readonly LowRank[];
    };

/** Protobuf's limit of a message, and so of the weights that a model can hold itself. */
const MODEL_BYTES = 2 ** 31;
/** Bytes of external data from which it is left in its files, mapped. */
export const MAPPED_BYTES = 2 ** 29;
/** Bytes of widened weights up to which they are widened once, when the model is opened. */
const WIDENED_BYTES = 2 ** 30;

/** Session config under which ONNX Runtime widens no weights when a model is opened: they stay as narrow as they are stored. */
export const WEIGHTS_AS_STORED: Readonly<Record<string, string>> = {
  'optimization.disable_specified_optimizers': 'ConstantFolding',
};
/** And makes no copies of float32 weights in the layout of its products, which would save 3 % of the time. */
const NO_COPIES: Readonly<Record<string, string>> = { 'session.disable_prepacking': '1' };

/**
 * Session config of a model of `modelWithWeights`: no prepacked copies; and where half-precision weights widen to more than a GiB, they are widened in each
 * run, a layer at a time, which takes about as long as computing 50 tokens.
 */
export function weightsConfig(
  { parameters }: Graph,
  sources: ReadonlyMap<string, WeightSource>,
): Readonly<Record<string, string>> {
  let widened = 0;
  for (const value of parameters) {
    const source = sources.get(nameOf(value));
    if (source && 'file' in source && source.dtype !== 'float32') widened += 2 * source.file.length;
  }
  return widened > WIDENED_BYTES ? { ...NO_COPIES, ...WEIGHTS_AS_STORED } : NO_COPIES;
}

/**
 * The graph as an ONNX model that holds or points at its weights; half-precision weights are widened in the graph, and adapters of weights in
 * files are computed beside them.
 * @throws RangeError for a parameter without a source, and for 2 GiB or more in memory
 */
export function modelWithWeights(graph: Graph, sources: ReadonlyMap<string, WeightSource>): Uint8Array {
  const given = (name: string): WeightSource => {
    const source = sources.get(name);
    if (!source)
      throw new RangeError(
        `weights: expected "${name}", got no such parameter — give every parameter of the model`,
      );
    return source;
  };
  const adapted = adaptedGraph(graph, (name) => {
    const source = given(name);
    return 'file' in source ? (source.adapters ?? []) : [];
  });
  const sourceOf = (name: string): WeightSource => {
    const data = adapted.factors.get(name);
    return data ? { data } : given(name);
  };
  const held = adapted.graph.parameters.reduce((bytes, value) => {
    const source = sourceOf(nameOf(value));
    return bytes + ('data' in source ? source.data.byteLength : 0);
  }, 0);
  if (held >= MODEL_BYTES)
    throw new RangeError(
      `weights: expected less than ${MODEL_BYTES} bytes in memory, got ${held} — save the model and open its directory`,
    );
  const half = (value: Value): Value | undefined => {
    const source = sourceOf(nameOf(value));
    if ('data' in source || source.dtype === 'float32') return undefined;
    return parameter(nameOf(value), value.shape as readonly number[], source.dtype);
  };
  const complete = widenParameters(adapted.graph, half);
  return encodeModel(complete, {
    initializer: (_, name) => {
      const source = sourceOf(name);
      if ('file' in source) return source.file;
      const { buffer, byteOffset, byteLength } = source.data;
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  });
}
