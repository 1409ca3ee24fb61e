import { type Adapter, AdapterError, isLoraParameter } from '@rag/models';

/**
 * The values of an adapter that is continued, by the names of the training graph's parameters: low-rank matrices, and what it saved whole.
 * The adapter may name the encoder with a prefix more or less (`model.layers…`, `layers…`).
 * @param trained the parameters that are trained
 * @throws AdapterError for a matrix that either of the two does not have
 */
export function continuedValues(
  { file, modules, saved, tensors }: Adapter,
  trained: Iterable<string>,
): ReadonlyMap<string, () => Promise<Float32Array>> {
  const keys = new Map<string, string>([...saved]);
  for (const [module, { a, b }] of modules) {
    keys.set(`${module}.lora_A.weight`, a);
    keys.set(`${module}.lora_B.weight`, b);
  }
  const left = new Set(keys.keys());
  const values = new Map<string, () => Promise<Float32Array>>();
  for (const name of trained) {
    const found = [...keys.keys()].find(
      (stored) => stored === name || stored.endsWith(`.${name}`) || name.endsWith(`.${stored}`),
    );
    if (found !== undefined) {
      const key = keys.get(found)!;
      left.delete(found);
      values.set(name, () => tensors.read(key));
    } else if (isLoraParameter(name))
      throw new AdapterError(
        file,
        undefined,
        `expected ${name}, which its config names, got none`,
        'save it again',
      );
  }
  const [foreign] = left;
  if (foreign !== undefined)
    throw new AdapterError(
      file,
      keys.get(foreign),
      'expected parameters of the model that is trained, got one that it does not have',
      'name the base model that the adapter belongs to',
    );
  return values;
}
