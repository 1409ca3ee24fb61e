import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { expectFloat, normalizeAxis, sameDType } from '../ir/shape.js';
import type { TensorType } from '../ir/type.js';
import type { Value } from '../ir/value.js';
import { cast, div, exp, max, mul, sqrt, sub } from './elementwise.js';
import { reduceMean, reduceSum } from './reduce.js';

export const Softmax = defineOp<[Value], { axis: number }>('Softmax', {
  defaults: { axis: -1 },
  infer: ([x], { axis }) => {
    expectFloat(x);
    normalizeAxis(axis, x.shape.length);
    return [x];
  },
  gradient: ({ y, attributes: { axis }, dy }) => [mul(sub(dy, reduceSum(mul(dy, y), [axis], true)), y)],
});

export const LogSoftmax = defineOp<[Value], { axis: number }>('LogSoftmax', {
  defaults: { axis: -1 },
  infer: ([x], { axis }) => {
    expectFloat(x);
    normalizeAxis(axis, x.shape.length);
    return [x];
  },
  gradient: ({ y, attributes: { axis }, dy }) => [sub(dy, mul(exp(y), reduceSum(dy, [axis], true)))],
});

type NormAttributes = { axis: number; epsilon: number; stash_type?: number };
const normDefaults = { axis: -1, epsilon: 1e-5, stash_type: 1 };

/** Mean and 1/std over the last axis, float32 whatever the dtype of x. */
function statisticsOf(x: Value, { axis, stash_type = 1 }: NormAttributes): TensorType {
  if (normalizeAxis(axis, x.shape.length) !== x.shape.length - 1)
    throw new GraphError('axis', `expected the last axis, got ${axis}`);
  if (stash_type !== 1)
    throw new GraphError('stash_type', `expected 1, statistics in float32, got ${stash_type}`);
  return { dtype: 'float32', shape: x.shape.with(-1, 1) };
}

function expectScale(x: Value, scale: Value): void {
  if (scale.shape.length !== 1 || scale.shape[0] !== x.shape.at(-1))
    throw new GraphError('scale', `expected [${x.shape.at(-1)}], got [${scale.shape.join(', ')}]`);
}

/** (x − mean)/std · scale + bias over the last axis; outputs y, mean and 1/std, the latter two reused by the gradient. */
export const LayerNormalization = defineOp<[Value, Value, Value | null], NormAttributes>(
  'LayerNormalization',
  {
    floats: ['epsilon'],
    defaults: normDefaults,
    operands: 3,
    infer: ([x, scale, bias], attributes) => {
      expectFloat(x);
      sameDType(x, scale, bias);
      expectScale(x, scale);
      if (bias) expectScale(x, bias);
      return [x, statisticsOf(x, attributes), statisticsOf(x, attributes)];
    },
    gradient: ({ inputs: [x, scale], outputs: [, mean, inverseStd], dy }) => {
      const inverse = cast(inverseStd!, x.dtype);
      const normalized = mul(sub(x, cast(mean!, x.dtype)), inverse);
      return [normalizedGradient(dy, scale, normalized, inverse, true), mul(dy, normalized), dy];
    },
  },
);

/** x/rms(x) · scale over the last axis, RMS normalization (https://arxiv.org/abs/1910.07467); outputs y and 1/rms. */
export const SimplifiedLayerNormalization = defineOp<[Value, Value], NormAttributes>(
  'SimplifiedLayerNormalization',
  {
    floats: ['epsilon'],
    defaults: normDefaults,
    infer: ([x, scale], attributes) => {
      expectFloat(x);
      sameDType(x, scale);
      expectScale(x, scale);
      return [x, statisticsOf(x, attributes)];
    },
    gradient: ({ inputs: [x, scale], outputs: [, inverseRms], dy }) => {
      const inverse = cast(inverseRms!, x.dtype);
      const normalized = mul(x, inverse);
      return [normalizedGradient(dy, scale, normalized, inverse, false), mul(dy, normalized)];
    },
  },
);

/** (g − mean(g) − x̂·mean(g·x̂)) / std with g = dy·scale; without centring the first mean is left out. */
function normalizedGradient(
  dy: Value,
  scale: Value,
  normalized: Value,
  inverseStd: Value,
  centred: boolean,
): Value {
  const g = mul(dy, scale);
  const along = mul(normalized, reduceMean(mul(g, normalized), [-1], true));
  const rest = centred ? sub(sub(g, reduceMean(g, [-1], true)), along) : sub(g, along);
  return mul(rest, inverseStd);
}

export const softmax = (x: Value, axis = -1): Value => Softmax.of([x], { axis });
export const logSoftmax = (x: Value, axis = -1): Value => LogSoftmax.of([x], { axis });

/** Layer normalization over the last axis (https://arxiv.org/abs/1607.06450). */
export const layerNormalization = (x: Value, scale: Value, bias: Value, epsilon: number): Value =>
  LayerNormalization.of([x, scale, bias], { axis: -1, epsilon });

/** RMS normalization over the last axis. */
export const rmsNormalization = (x: Value, scale: Value, epsilon: number): Value =>
  SimplifiedLayerNormalization.of([x, scale], { axis: -1, epsilon });

/** x / ‖x‖₂ along the last axis, with the norm at least `epsilon`. */
export function l2Normalize(x: Value, epsilon = 1e-12): Value {
  // The bound stands under the root: the root's slope at 0 is infinite.
  return div(x, sqrt(max(reduceSum(mul(x, x), [-1], true), epsilon * epsilon)));
}
