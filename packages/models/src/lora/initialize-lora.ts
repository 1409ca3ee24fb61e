import { elementCount } from '../dtype.js';
import { hashName } from '../initialize.js';
import type { ParameterSpec } from '../match-parameters.js';
import { philox } from '../philox.js';
import { LORA_A, LORA_B } from './lora-layers.js';

/** True for the graph parameters that `loraLayers` declares. */
export const isLoraParameter = (name: string): boolean =>
  name.endsWith(`.${LORA_A}`) || name.endsWith(`.${LORA_B}`);

/**
 * Fresh values of an adapter's parameter, as PEFT starts them: B [out, r] zero, so that the model is what it was; A [r, in] uniform within
 * ±1/√in, which is Kaiming's with a = √5 (https://arxiv.org/abs/1502.01852). They depend on (seed, name, element) alone.
 * @param seed a whole number in [0, 2^53)
 * @throws RangeError for a bad seed, TypeError for another parameter
 */
export function initializeLora({ name, shape }: ParameterSpec, seed: number): Float32Array<ArrayBuffer> {
  if (!isLoraParameter(name) || shape.length !== 2)
    throw new TypeError(`${name}: expected a matrix named ….${LORA_A} or ….${LORA_B}, got [${shape}]`);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed: expected a whole number in [0, 2^53), got ${seed} — pass another`);
  const values = new Float32Array(elementCount(shape));
  if (name.endsWith(`.${LORA_B}`)) return values;
  const bound = 1 / Math.sqrt(shape[1]!);
  const [name0, name1] = hashName(name);
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i += 4) {
    words.set([i / 4, Math.floor(i / 4 / 2 ** 32), name0, name1]);
    philox(words, seed % 2 ** 32, Math.floor(seed / 2 ** 32));
    for (let lane = 0; lane < Math.min(4, values.length - i); lane++)
      values[i + lane] = bound * (2 * ((words[lane]! + 0.5) / 2 ** 32) - 1);
  }
  return values;
}
