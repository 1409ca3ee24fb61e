import type { TensorIndex } from '../open-tensors.js';
import { AdapterError } from './adapter-error.js';
import { addLowRank, type LowRank } from './low-rank.js';
import type { Adapter, AdapterModule } from './open-adapter.js';
import { isSaved } from './target-modules.js';

/**
 * The tensors of a base model with an adapter merged in, lazily: float32 sums W + scaling·B·A, each rounded once from float64; what the
 * adapter saves whole stands in place of the base's, or beside it. Nothing of it lies in a file as it is read; `parts` says where the parts lie.
 * The base may name its encoder otherwise than the model that PEFT saw: with a prefix more (`bert.encoder…`) or less.
 * @throws AdapterError naming a module that the base does not have, or whose shape is another
 */
export const mergeAdapter = (base: TensorIndex, adapter: Adapter): TensorIndex => combine(base, adapter, 1);

/**
 * A merged model's tensors with the adapter taken out again: W − scaling·B·A, within one rounding to float32 of what W was before it was merged
 * in float32. Weights that were merged and saved in half precision lost more than that.
 * @throws AdapterError as `mergeAdapter`, and for an adapter that saved parameters whole: what they replaced is in the base alone
 */
export function unmergeAdapter(merged: TensorIndex, adapter: Adapter): TensorIndex {
  const [name] = adapter.saved.keys();
  if (name !== undefined)
    throw new AdapterError(
      adapter.file,
      adapter.saved.get(name),
      'expected an adapter of low-rank matrices alone, got a parameter that replaced the base model’s',
      'open the base model itself',
    );
  return combine(merged, adapter, -1);
}

function combine(base: TensorIndex, adapter: Adapter, sign: 1 | -1): TensorIndex {
  const rename = baseNames(base, adapter);
  const adapted = new Map<string, AdapterModule>();
  for (const [module, parts] of adapter.modules) {
    const name = rename(`${module}.weight`);
    const shape = name === undefined ? undefined : base.shape(name);
    if (name === undefined || shape!.join() !== `${parts.out},${parts.in}`)
      throw new AdapterError(
        adapter.file,
        parts.a,
        `expected a linear layer [${parts.out}, ${parts.in}] of the base model, got ${shape ? `[${shape}]` : 'no such module'}`,
        'open the base model that the adapter was trained for',
      );
    adapted.set(name, parts);
  }
  const replaced = new Map<string, string>();
  for (const [parameter, key] of adapter.saved) {
    const name = rename(parameter);
    const shape = adapter.tensors.shape(key);
    if (
      isSaved(adapter.config, parameter) ||
      (name !== undefined && base.shape(name).join() === shape.join())
    )
      replaced.set(name ?? parameter, key);
    else
      throw new AdapterError(
        adapter.file,
        key,
        `expected a parameter of modules_to_save or of the base model's shape, got [${shape}] for ${name === undefined ? 'none of its parameters' : `[${base.shape(name)}]`}`,
        'open the base model that the adapter was trained for',
      );
  }
  const own = (name: string) => replaced.get(name);
  const lowRank = async ({ a, b, rank, scaling }: AdapterModule): Promise<LowRank> => ({
    right: await finite(adapter, a),
    left: await finite(adapter, b),
    rank,
    scaling: sign * scaling,
  });
  return {
    names: [...base.names, ...[...replaced.keys()].filter((name) => !base.has(name))],
    has: (name) => replaced.has(name) || base.has(name),
    shape: (name) => (own(name) ? adapter.tensors.shape(own(name)!) : base.shape(name)),
    dtype: (name) =>
      own(name) ? adapter.tensors.dtype(own(name)!) : adapted.has(name) ? 'F32' : base.dtype(name),
    location: (name) => (replaced.has(name) || adapted.has(name) ? undefined : base.location(name)),
    parts(name) {
      const key = own(name);
      if (key !== undefined) {
        const location = adapter.tensors.location(key);
        return location && { location, source: adapter.source, adapters: async () => [] };
      }
      const under = base.parts?.(name);
      const parts = adapted.get(name);
      if (!parts) return under;
      const location = under?.location ?? base.location(name);
      return (
        location && {
          ...under,
          location,
          adapters: async () => [...((await under?.adapters()) ?? []), await lowRank(parts)],
        }
      );
    },
    async read(name) {
      const key = own(name);
      if (key !== undefined) return adapter.tensors.read(key);
      const weight = await base.read(name);
      const parts = adapted.get(name);
      if (parts) addLowRank(weight, parts.in, await lowRank(parts));
      return weight;
    },
  };
}

async function finite({ tensors, file }: Adapter, key: string): Promise<Float32Array> {
  const values = await tensors.read(key);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new AdapterError(
      file,
      key,
      `expected finite elements, got ${values[bad]} at element ${bad}`,
      'train it again',
    );
  return values;
}

/** From a parameter's name in the model that PEFT saw to the base's: as it is, or with the encoder's prefix put before it or taken off. */
function baseNames(base: TensorIndex, adapter: Adapter): (name: string) => string | undefined {
  const first = (name: string) => name.slice(0, name.indexOf('.') + 1);
  const asked = [...adapter.modules.keys()].map((module) => `${module}.weight`);
  const prefixes = new Set(base.names.map(first));
  const fits = (change: (name: string) => string) => asked.every((name) => base.has(change(name)));
  const changes: ((name: string) => string)[] = [
    (name) => name,
    (name) => name.slice(first(name).length),
    ...[...prefixes].map((prefix) => (name: string) => `${prefix}${name}`),
  ];
  const change = changes.find(fits) ?? changes[0]!;
  return (name) => [change(name), name].find((candidate) => base.has(candidate));
}
