import {
  add,
  linear as affine,
  constant,
  GraphError,
  gelu,
  mul,
  layerNormalization as normalize,
  relu,
  rmsNormalization,
  sigmoid,
  tanh,
  type Value,
} from '@rag/onnx';
import type { HiddenAct } from './config-file.js';
import { module, type ParameterPath } from './parameters.js';

/** The static size of x's last axis. */
export function widthOf(x: Value): number {
  const width = x.shape.at(-1);
  if (typeof width !== 'number')
    throw new GraphError('layers', `expected a static last axis, got [${x.shape.join(', ')}]`);
  return width;
}

/** `torch.nn.Linear`: x [tokens, in] → [tokens, out], with weight [out, in] and, unless left out, bias [out]; plus the layer's adapter, if any. */
export const linear = (root: ParameterPath, name: string, x: Value, out: number, bias = true): Value =>
  module(root, name, (path) =>
    path.adapted(
      x,
      affine(x, path.get('weight', [out, widthOf(x)]), bias ? path.get('bias', [out]) : undefined),
    ),
  );

/** `torch.nn.LayerNorm` over the last axis, with weight and, unless left out, bias [width]. */
export const layerNorm = (root: ParameterPath, name: string, x: Value, epsilon: number, bias = true): Value =>
  module(root, name, (path) => {
    const width = widthOf(x);
    return normalize(
      x,
      path.get('weight', [width]),
      bias ? path.get('bias', [width]) : constant(new Float32Array(width)),
      epsilon,
    );
  });

/**
 * RMS normalization (https://arxiv.org/abs/1910.07467) over the last axis, with weight [width]; `offset` is added to the weight: 1 for
 * Gemma, whose weights start at 0.
 */
export const rmsNorm = (root: ParameterPath, name: string, x: Value, epsilon: number, offset = 0): Value =>
  module(root, name, (path) => {
    const weight = path.get('weight', [widthOf(x)]);
    return rmsNormalization(x, offset === 0 ? weight : add(weight, offset), epsilon);
  });

/** `torch.nn.Embedding`: rows of weight [count, width] at int64 ids [tokens]. */
export const embedding = (
  root: ParameterPath,
  name: string,
  ids: Value,
  count: number,
  width: number,
): Value => module(root, name, (path) => path.rows('weight', [count, width], ids));

/** The tanh approximation of GELU, as `gelu_new` of transformers. */
const geluTanh = (x: Value): Value => {
  const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
};

const silu = (x: Value): Value => mul(x, sigmoid(x));

/** The functions that config.json names in `hidden_act`. */
export const activations: { readonly [Name in HiddenAct]: (x: Value) => Value } = {
  gelu,
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu,
  silu,
  swish: silu,
  tanh,
};
