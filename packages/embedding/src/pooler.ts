import { architectures, type Checkpoint, type EncoderConfig, type ParameterSpec } from '@rag/models';

/** Reads the tensors of the encoder's pooler, by their bare names. */
export type Pooler = ReadonlyMap<string, () => Promise<Float32Array>>;

/**
 * The dense layer that transformers' encoders have behind the first token. No vector depends on it; it is carried from file to
 * file, because transformers warns of fresh weights where it is missing.
 */
export const poolerParameters = ({ hidden_size }: EncoderConfig): ParameterSpec[] => [
  { name: 'pooler.dense.weight', shape: [hidden_size, hidden_size] },
  { name: 'pooler.dense.bias', shape: [hidden_size] },
];

/**
 * The pooler of a checkpoint: whole, or nothing where it lacks one.
 * @throws RangeError for one of another shape, or half of one
 */
export function poolerOf({ tensors }: Checkpoint, config: EncoderConfig): Pooler {
  const { baseModelPrefix } = architectures[config.model_type];
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
