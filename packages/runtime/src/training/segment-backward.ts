import {
  add,
  type Graph,
  gradients,
  graphOf,
  InPlaceAccumulatorV2,
  input,
  leavesOf,
  mul,
  nameOf,
  reduceSum,
  type Value,
} from '@rag/onnx';
import { gradientBuffer, gradientUpdated, lazyResetGrad } from '../artifacts/names.js';
import { boundaryGradient } from './objective.js';
import { lossScale } from './plan.js';
import type { GradientFlow, SegmentPart } from './segment-parts.js';

/**
 * Forward, backward and accumulation of a segment before the last. Its loss is the surrogate Σ(v·v.gradient) over the boundary tensors whose
 * gradients arrive; it yields the gradients of those that it takes. `inputs` are the objective's: a gradient may read what the
 * forward pass does not.
 */
export function boundaryBackward(part: SegmentPart, flow: GradientFlow, inputs: readonly Value[]): Graph {
  const arriving = flow.arriving.map((name) => {
    const { dtype, shape } = part.yields[name]!;
    return input(boundaryGradient(name), dtype, shape);
  });
  const surrogate = flow.arriving
    .map((name, i) => reduceSum(mul(part.yields[name]!, arriving[i]!)))
    .reduce((a, b) => add(a, b));
  return backward(part, flow, surrogate, inputs, arriving, {});
}

/** The same of the last segment, which has the loss, times an input `loss_scale`. */
export function lossBackward(part: SegmentPart, flow: GradientFlow, inputs: readonly Value[]): Graph {
  const { outputs, scale } = scaledLoss(part);
  return backward(part, flow, outputs.loss!, inputs, [scale], outputs);
}

/** The results of the last segment, the loss times an input `loss_scale`. */
export function scaledLoss({ yields }: SegmentPart): {
  readonly outputs: Readonly<Record<string, Value>>;
  readonly scale: Value;
} {
  const scale = input(lossScale, 'float32', []);
  return { outputs: { ...yields, loss: mul(yields.loss!, scale) }, scale };
}

function backward(
  { inputs: read, takes }: SegmentPart,
  { leaving, trained }: GradientFlow,
  loss: Value,
  inputs: readonly Value[],
  fed: readonly Value[],
  results: Readonly<Record<string, Value>>,
): Graph {
  const slopes = gradients(loss, [...trained, ...leaving]);
  const reset = input(lazyResetGrad, 'bool', [1]);
  const buffers = trained.map((value) => input(gradientBuffer(nameOf(value)), 'float32', value.shape));
  const updated = trained.map((value, i) => [
    gradientUpdated(nameOf(value)),
    InPlaceAccumulatorV2.of([buffers[i]!, slopes[i]!, reset]),
  ]);
  const arrived = leaving.map((value, i) => [boundaryGradient(nameOf(value)), slopes[trained.length + i]!]);
  const leaves = new Set(leavesOf(slopes));
  const declared = inputs.filter((value) => read.includes(value) || leaves.has(value));
  return graphOf([...declared, ...takes, ...fed, ...buffers, reset], {
    ...results,
    ...Object.fromEntries([...arrived, ...updated]),
  });
}
