import { architectures } from './arch/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { EncoderConfig } from './config.js';
import type { ParameterSpec } from './match-parameters.js';
import { plainTensors } from './weights.js';

/** Reads the tensors of the encoder's pooler, by their bare names. */
export type Pooler = ReadonlyMap<string, () => Promise<Float32Array>>;

/**
 * The dense layer that most encoders of transformers have behind the first token; none where the family's has no such layer. No
 * vector depends on it and no training changes it; it is carried from file to file, because transformers warns of fresh weights
 * where it is missing. Other modules that nothing of a model needs (`cls`, `lm_head`, a replaced head) are not carried: they are
 * of another class than the saved one.
 */
export function poolerParameters({ model_type, hidden_size }: EncoderConfig): ParameterSpec[] {
  const { encoderPooler: name } = architectures[model_type];
  if (name === undefined) return [];
  return [
    { name: `${name}.weight`, shape: [hidden_size, hidden_size] },
    { name: `${name}.bias`, shape: [hidden_size] },
  ];
}

/**
 * The pooler of a checkpoint: whole, or nothing where it lacks one.
 * @param task as in `plainTensors`
 * @throws RangeError for one of another shape, or half of one
 */
export function poolerOf(checkpoint: Checkpoint, config: EncoderConfig, task?: string): Pooler {
  const { baseModelPrefix } = architectures[config.model_type];
  const tensors = plainTensors(checkpoint, config, task);
  const found = poolerParameters(config).flatMap(({ name, shape }) => {
    const stored = [name, `${baseModelPrefix}.${name}`].find((candidate) => tensors.has(candidate));
    return stored === undefined ? [] : [{ name, shape, stored }];
  });
  for (const { shape, stored } of found)
    if (`${tensors.shape(stored)}` !== `${shape}` || found.length === 1)
      throw new RangeError(
        `${stored}: expected a pooler of weight [${poolerParameters(config)[0]!.shape}] and bias, got ${found.length === 1 ? 'one of them' : `[${tensors.shape(stored)}]`} — use the weights that belong to config.json`,
      );
  return new Map(found.map(({ name, stored }) => [name, () => tensors.read(stored)]));
}
