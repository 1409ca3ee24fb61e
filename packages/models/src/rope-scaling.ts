import { type Kind, positive } from './config-file.js';
import { isJsonObject } from './file-source.js';
import { rotaryFrequencies } from './rotary.js';

/** The forms of rotary positions of decoders that need no length of the batch, by transformers' `rope_type`. */
export const ROPE_TYPES = ['default', 'linear', 'llama3', 'yarn'] as const;
export type RopeType = (typeof ROPE_TYPES)[number];

/**
 * `rope_scaling`, or `rope_parameters`, of a decoder's config.json. The type is `rope_type`, or `type` in files of transformers
 * before 4.43; a file without either is of type `default`.
 */
export interface RopeScaling {
  readonly rope_type?: RopeType;
  readonly type?: RopeType;
  /** In `rope_parameters` only; `rope_scaling` stands beside it. */
  readonly rope_theta?: number;
  readonly factor?: number;
  /** Tokens that the unscaled model was trained for; absent: `max_position_embeddings`. */
  readonly original_max_position_embeddings?: number;
  /** llama3: in wavelengths per `original_max_position_embeddings`. */
  readonly low_freq_factor?: number;
  readonly high_freq_factor?: number;
  /** yarn: in turns per `original_max_position_embeddings`; 32 and 1 where absent. */
  readonly beta_fast?: number | null;
  readonly beta_slow?: number | null;
  /** yarn: what cos and sin are multiplied by; from the factor, or from both mscales, where absent. */
  readonly attention_factor?: number | null;
  readonly mscale?: number | null;
  readonly mscale_all_dim?: number | null;
  /** yarn: whether the bounds of the ramp are rounded; true where absent. */
  readonly truncate?: boolean;
}

/** The numbers that a type has, and those that it may have. */
const NUMBERS: { readonly [Type in RopeType]: { readonly needed: string[]; readonly more: string[] } } = {
  default: { needed: [], more: [] },
  linear: { needed: ['factor'], more: [] },
  llama3: {
    needed: ['factor', 'low_freq_factor', 'high_freq_factor'],
    more: ['original_max_position_embeddings'],
  },
  yarn: {
    needed: ['factor'],
    more: [
      'original_max_position_embeddings',
      'beta_fast',
      'beta_slow',
      'attention_factor',
      'mscale',
      'mscale_all_dim',
    ],
  },
};

export const ropeScaling: Kind<RopeScaling> = {
  expected: `"rope_type" one of ${ROPE_TYPES.join(', ')} with positive numbers (${Object.entries(NUMBERS)
    .filter(([, { needed }]) => needed.length > 0)
    .map(([type, { needed }]) => `${type}: ${needed.join(', ')}`)
    .join('; ')}), of whole heads`,
  accepts: (value): value is RopeScaling => {
    if (!isJsonObject(value)) return false;
    const type = (value.rope_type ?? value.type ?? 'default') as RopeType;
    if (!ROPE_TYPES.includes(type)) return false;
    // By layer type: not one scaling but several.
    if (Object.values(value).some(isJsonObject)) return false;
    const given = (name: string) => value[name] !== undefined && value[name] !== null;
    const { needed, more } = NUMBERS[type];
    return (
      needed.every((name) => positive.accepts(value[name])) &&
      [...more, 'rope_theta'].every((name) => !given(name) || positive.accepts(value[name])) &&
      (value.truncate === undefined || typeof value.truncate === 'boolean') &&
      (value.partial_rotary_factor === undefined || value.partial_rotary_factor === 1)
    );
  },
};

/** The angles per position, one per pair of features, and what cos and sin are multiplied by. */
export interface RopeAngles {
  readonly frequencies: readonly number[];
  readonly scale: number;
}

const { fround } = Math;

/**
 * The angles of heads of `width`, in the float32 steps of `modeling_rope_utils.py` of transformers 5.
 * @param theta the base of the angles
 * @param positions `max_position_embeddings`
 */
export function ropeAngles(
  width: number,
  theta: number,
  scaling: RopeScaling,
  positions: number,
): RopeAngles {
  const type = scaling.rope_type ?? scaling.type ?? 'default';
  const plain = rotaryFrequencies(width, { rope_theta: theta });
  if (type === 'default') return { frequencies: plain, scale: 1 };
  const factor = scaling.factor!;
  if (type === 'linear')
    return { frequencies: plain.map((frequency) => fround(frequency / factor)), scale: 1 };
  const original = scaling.original_max_position_embeddings ?? positions;
  if (type === 'llama3') return { frequencies: plain.map(llama3(scaling, factor, original)), scale: 1 };
  return yarn(width, theta, plain, { ...scaling, factor, original });
}

/** Llama 3.1: slow angles are divided by the factor, fast ones stay, between them a straight line. */
function llama3(
  { low_freq_factor: low = 1, high_freq_factor: high = 1 }: RopeScaling,
  factor: number,
  original: number,
): (frequency: number) => number {
  return (frequency) => {
    const wavelength = fround((2 * Math.PI) / frequency);
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return fround(frequency / factor);
    const smooth = fround(fround(fround(original / wavelength) - low) / (high - low));
    return fround(fround(fround(fround(1 - smooth) * frequency) / factor) + fround(smooth * frequency));
  };
}

/** YaRN (https://arxiv.org/abs/2309.00071): a ramp over the features, and a temperature on cos and sin. */
function yarn(
  width: number,
  theta: number,
  plain: readonly number[],
  scaling: RopeScaling & { readonly factor: number; readonly original: number },
): RopeAngles {
  const { factor, original, attention_factor, mscale, mscale_all_dim, truncate = true } = scaling;
  /** The feature whose angle makes so many turns in `original` tokens. */
  const featureOf = (turns: number) =>
    (width * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [fast, slow] = [featureOf(scaling.beta_fast || 32), featureOf(scaling.beta_slow || 1)];
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const bound = Math.min(truncate ? Math.ceil(slow) : slow, width - 1);
  const high = bound === low ? bound + 0.001 : bound;
  const frequencies = plain.map((frequency, i) => {
    const ramp = Math.min(Math.max(fround(fround(i - low) / fround(high - low)), 0), 1);
    const kept = fround(1 - ramp);
    return fround(fround(fround(frequency / factor) * fround(1 - kept)) + fround(frequency * kept));
  });
  const temperature = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const scale =
    attention_factor ??
    (mscale && mscale_all_dim ? temperature(mscale) / temperature(mscale_all_dim) : temperature(1));
  return { frequencies, scale };
}
