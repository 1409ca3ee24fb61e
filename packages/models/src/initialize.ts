import { architectures } from './arch/index.js';
import type { EncoderConfig } from './config.js';
import { elementCount } from './dtype.js';
import type { ParameterSpec } from './match-parameters.js';
import { philox } from './philox.js';

/** The norms' weights of every family: `LayerNorm`, `sa_layer_norm`, `attn_ln`, `norm1`, `layer_norm_q`, … */
const NORM = /(norm|ln)(\d*|_[12qk])\.weight$/i;
const WORDS = /(^|\.)((word|tok)_embeddings|embed_tokens)\.weight$/;

/**
 * A fresh value for one parameter, as transformers initialises BERT-like models: weights and embeddings normal with mean 0 and
 * standard deviation `initializer_range`, biases 0, norms' weights 1 (0 where the
 * family adds 1 to them); the padding row of the word table, and of RoBERTa's
 * position table, 0. The numbers depend on (seed, parameter name, element index) and on nothing else: neither the order of
 * calls nor the other parameters.
 * @param seed a whole number in [0, 2^53).
 * @returns float32, row-major.
 * @throws RangeError for a bad seed, TypeError for a parameter of no known kind.
 */
export function initializeParameter(
  { name, shape }: ParameterSpec,
  config: Pick<EncoderConfig, 'model_type' | 'initializer_range' | 'pad_token_id'>,
  seed: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elementCount(shape));
  if (name.endsWith('.bias')) return values;
  if (NORM.test(name) && shape.length === 1)
    return values.fill(architectures[config.model_type].freshNorm ?? 1);
  if (!name.endsWith('.weight') || shape.length !== 2) {
    throw new TypeError(
      `${name}: expected a bias, a LayerNorm weight or a matrix, got shape [${shape}] — say how it starts in initialize.ts`,
    );
  }
  fillNormal(values, config.initializer_range, seed, name);
  const padded =
    WORDS.test(name) ||
    (architectures[config.model_type].positionsFromPadding && name.endsWith('.position_embeddings.weight'));
  if (padded && config.pad_token_id !== null) {
    const width = shape[1]!;
    values.fill(0, config.pad_token_id * width, (config.pad_token_id + 1) * width);
  }
  return values;
}

/** Fresh values for every parameter, by name; see `initializeParameter`. */
export function initializeParameters(
  parameters: Iterable<ParameterSpec>,
  config: Pick<EncoderConfig, 'model_type' | 'initializer_range' | 'pad_token_id'>,
  seed: number,
): Map<string, Float32Array<ArrayBuffer>> {
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const parameter of parameters)
    values.set(parameter.name, initializeParameter(parameter, config, seed));
  return values;
}

/**
 * Element i of stream (seed, name) is standard normal · deviation: lane i mod 4 of the Philox block ⌊i/4⌋ whose counter also
 * holds a hash of the name and whose key is the seed; Box and Muller (1958) turn its four uniform words into four normals.
 */
function fillNormal(values: Float32Array, deviation: number, seed: number, name: string): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed: expected a whole number in [0, 2^53), got ${seed} — pass another`);
  }
  const [name0, name1] = hashName(name);
  const words = new Uint32Array(4);
  const normals = new Float64Array(4);
  for (let i = 0; i < values.length; i += 4) {
    const block = i / 4;
    words[0] = block;
    words[1] = Math.floor(block / 2 ** 32);
    words[2] = name0;
    words[3] = name1;
    philox(words, seed % 2 ** 32, Math.floor(seed / 2 ** 32));
    boxMuller(words[0]!, words[1]!, normals, 0);
    boxMuller(words[2]!, words[3]!, normals, 2);
    const lanes = Math.min(4, values.length - i);
    for (let lane = 0; lane < lanes; lane++) values[i + lane] = deviation * normals[lane]!;
  }
}

/** Two independent standard normals from two uniform words; the half keeps the logarithm's argument above 0. */
function boxMuller(word0: number, word1: number, out: Float64Array, at: number): void {
  const radius = Math.sqrt(-2 * Math.log((word0 + 0.5) / 2 ** 32));
  const angle = (2 * Math.PI * word1) / 2 ** 32;
  out[at] = radius * Math.cos(angle);
  out[at + 1] = radius * Math.sin(angle);
}

/** FNV-1a, 64 bits, of the name's UTF-8 bytes, as two words. */
export function hashName(name: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}
