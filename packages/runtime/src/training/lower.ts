import {
  add,
  constantNumbers,
  decodeModel,
  encodeModel,
  type Graph,
  graphOf,
  InPlaceAccumulatorV2,
  mixedPrecision,
  type Node,
  nameOf,
  optimize,
  type Provider,
  recomputeActivations,
  scatterElements,
  type Value,
} from '@rag/onnx';
import { ArtifactError } from '../artifacts/error.js';
import { gradientBuffer, gradientUpdated, lazyResetGrad } from '../artifacts/names.js';
import type { NarrowPrecision } from './precision.js';

/** What a lowered training graph does with the gradient buffers, which are its outputs. */
export type Accumulation = 'overwrite' | 'add';

/** Output that holds a parameter's gradient after the run; with `add` it is bound to the buffer that was read. */
export const gradientOutput = (parameter: string): string => `${parameter}.gradient`;

/**
 * A training model as stock ONNX Runtime can run it: each `InPlaceAccumulatorV2` becomes an output `<parameter>.gradient`
 * that holds the gradient, or the buffer plus the gradient; the reset flag disappears. With `narrow` the model's products are
 * computed in it; gradients are added up in float32. Gradients of the parameters `added` are added in any case.
 * @throws ArtifactError where an accumulator's buffer has another name than the format gives it
 */
export function lowerTraining(
  model: Uint8Array,
  accumulation: Accumulation,
  provider: Provider,
  narrow?: NarrowPrecision,
  added: ReadonlySet<string> = new Set(),
): Uint8Array {
  const { graph } = decodeModel(model);
  const outputs: Record<string, Value> = {};
  const unread = new Set<Value>();
  for (const [name, value] of Object.entries(graph.outputs)) {
    const accumulator =
      value.source.kind === 'node' && value.source.op === InPlaceAccumulatorV2 ? value.source : undefined;
    if (!accumulator) {
      outputs[name] = value;
      continue;
    }
    const [buffer, gradient] = accumulator.inputs as [Value, Value];
    const parameter = name.slice(0, -gradientUpdated('').length);
    if (nameOf(buffer) !== gradientBuffer(parameter))
      throw new ArtifactError(
        `output "${name}"`,
        `expected the buffer "${gradientBuffer(parameter)}", got "${nameOf(buffer)}"`,
      );
    const adds = accumulation === 'add' || added.has(parameter);
    if (!adds) unread.add(buffer);
    outputs[gradientOutput(parameter)] = adds ? sumInPlace(buffer, gradient) : gradient;
  }
  const inputs = graph.inputs.filter((value) => nameOf(value) !== lazyResetGrad && !unread.has(value));
  return encodeModel(recomputeActivations(narrowed(optimize(graphOf(inputs, outputs), provider), narrow)));
}

/** The buffer plus a gradient, by an op whose output may lie in the buffer's memory: rows of a table are added where they belong. */
function sumInPlace(buffer: Value, gradient: Value): Value {
  const scattered = scatteredRows(gradient);
  if (!scattered) return add(buffer, gradient);
  const [, indices, updates] = scattered.inputs as [Value, Value, Value];
  return scatterElements(buffer, indices, updates, scattered.attributes.axis as number, 'add');
}

/** The node that adds rows to zeros, where that is all of a gradient. */
function scatteredRows({ source }: Value): Node | undefined {
  if (source.kind !== 'node' || source.op.opType !== 'ScatterElements') return undefined;
  const zeros = source.inputs[0]?.source;
  const isZero =
    zeros?.kind === 'node' && zeros.op.opType === 'Expand' && constantNumbers(zeros.inputs[0])?.[0] === 0;
  return isZero && source.attributes.reduction === 'add' ? source : undefined;
}

/**
 * The parameters of a training model whose gradient is rows of a table: added to zeros in the buffer itself it needs no memory of the table's
 * size besides.
 */
export function tableParameters(model: Uint8Array): string[] {
  const ending = gradientUpdated('');
  return Object.entries(decodeModel(model).graph.outputs)
    .filter(
      ([, { source }]) =>
        source.kind === 'node' && source.op === InPlaceAccumulatorV2 && scatteredRows(source.inputs[1]!),
    )
    .map(([name]) => name.slice(0, -ending.length));
}

/** An evaluation or forward model with the provider's fusions. */
export function lowerForward(model: Uint8Array, provider: Provider, narrow?: NarrowPrecision): Uint8Array {
  const { graph } = decodeModel(model);
  return encodeModel(narrowed(optimize(graph, provider), narrow));
}

const narrowed = (graph: Graph, narrow: NarrowPrecision | undefined): Graph =>
  narrow ? mixedPrecision(graph, narrow.dtype, { emulate: narrow.emulate }) : graph;
