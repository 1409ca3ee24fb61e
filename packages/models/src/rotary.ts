import {
  add,
  cast,
  concat,
  constant,
  cos,
  mul,
  reshape,
  sin,
  split,
  sub,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import type { Kind } from './config-file.js';
import { isJsonObject } from './file-source.js';
import { widthOf } from './layers.js';

/** An entry of `rope_parameters` in config.json, in the two forms that need no length: default, and linear with a factor. */
export interface RopeParameters {
  readonly rope_type?: 'default' | 'linear';
  readonly rope_theta: number;
  /** Positions are divided by it (linear). */
  readonly factor?: number;
}

const isPositive = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;

export const ropeParameters: Kind<RopeParameters> = {
  expected:
    '{"rope_type": "default", "rope_theta": number} or {"rope_type": "linear", "rope_theta", "factor"}',
  accepts: (value): value is RopeParameters =>
    isJsonObject(value) &&
    isPositive(value.rope_theta) &&
    (value.rope_type === 'linear'
      ? isPositive(value.factor)
      : value.rope_type === undefined || value.rope_type === 'default'),
};

/**
 * The angles per position of rotary embeddings (https://arxiv.org/abs/2104.09864) for heads of `width`: theta^(−2i/width), in
 * the float32 steps of transformers, since a position of thousands magnifies their rounding.
 */
export function rotaryFrequencies(width: number, { rope_theta, factor = 1 }: RopeParameters): number[] {
  return Array.from({ length: width / 2 }, (_, i) => {
    const power = Math.fround(rope_theta ** Math.fround((2 * i) / width));
    return Math.fround(Math.fround(1 / power) / factor);
  });
}

/** cos and sin [tokens, 1, width/2] of each token's angles. */
export interface Rotation {
  readonly cos: Value;
  readonly sin: Value;
}

/** The rotation of each packed row by its `position_ids` [tokens]; `scale` is of cos and sin (YaRN). */
export function rotation(position_ids: Value, frequencies: readonly number[], scale = 1): Rotation {
  const angles = mul(unsqueeze(cast(position_ids, 'float32'), [1, 2]), constant(frequencies, 'float32'));
  const scaled = (x: Value) => (scale === 1 ? x : mul(x, scale));
  return { cos: scaled(cos(angles)), sin: scaled(sin(angles)) };
}

/** Queries or keys [tokens, hidden] turned, head by head: feature i of a head pairs with feature i + width/2. */
export function rotate(x: Value, heads: number, { cos, sin }: Rotation): Value {
  const hidden = widthOf(x);
  const half = hidden / heads / 2;
  const [a, b] = split(reshape(x, [0, heads, 2 * half]), [half, half], 2) as [Value, Value];
  const turned = [sub(mul(a, cos), mul(b, sin)), add(mul(b, cos), mul(a, sin))];
  return reshape(concat(turned, 2), [0, hidden]);
}
