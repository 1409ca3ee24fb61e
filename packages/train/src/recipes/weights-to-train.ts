import {
  initializeLora,
  isLoraParameter,
  type ParameterStorage,
  packParameter,
  type StoredTensor,
} from '@rag/models';
import type { CompileOptions, TensorParts } from '@rag/runtime';
import { type InitialWeights, readElements, readWeight, weightNames } from './initial-weights.js';

/** The weights of a run as `compile` asks for them. They are read by `load`, after the plan is made and before its session is. */
export interface WeightsToTrain extends Required<Pick<CompileOptions, 'initial' | 'resident' | 'trainable'>> {
  load(): Promise<void>;
}

export interface WeightSelection {
  /** Parameters of the model itself, without adapters', in their own shapes. */
  readonly base: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Adapters' too. */
  readonly trained: ReadonlySet<string>;
  readonly storage: (name: string, shape: readonly number[]) => ParameterStorage;
  /** Values that stand in the place of the model's own or of fresh ones: those of an adapter that is continued. */
  readonly instead: ReadonlyMap<string, () => Promise<Float32Array>>;
  readonly seed: number;
}

/** All of a model's weights, trained. */
export function allWeights(weights: InitialWeights): WeightsToTrain {
  const names = weightNames(weights);
  const taken = new Map<string, Float32Array>();
  return {
    trainable: () => true,
    resident: () => undefined,
    initial: (name) => take(taken, name),
    async load() {
      for (const name of names) taken.set(name, await readWeight(weights, name));
    },
  };
}

function take(values: Map<string, Float32Array>, name: string): Float32Array {
  const found = values.get(name);
  values.delete(name);
  if (found) return found;
  throw new TypeError(
    `${name}: expected its first values, got none — load() the weights before a session is made, once`,
  );
}

/**
 * Trained parameters are let go one by one as the state takes them; frozen ones are read where `load` put them, stored as `storage` says, and
 * so lie in memory once.
 */
export function weightsToTrain(
  weights: InitialWeights,
  { base, trained, storage, instead, seed }: WeightSelection,
): WeightsToTrain {
  const taken = new Map<string, Float32Array>();
  const frozen = new Map<string, StoredTensor>();
  return {
    trainable: (name) => trained.has(name),
    initial(name, shape) {
      if (isLoraParameter(name) && !taken.has(name)) return initializeLora({ name, shape }, seed);
      return take(taken, name);
    },
    resident(name, { dtype, shape }): TensorParts | undefined {
      if (trained.has(name)) return undefined;
      return {
        dtype,
        shape,
        get data() {
          const stored = frozen.get(name);
          if (stored) return stored.data;
          throw new TypeError(
            `${name}: expected its values, got none — load() the weights before a session is made`,
          );
        },
      };
    },
    async load() {
      for (const [name, read] of instead) taken.set(name, await read());
      for (const { name, shape } of base) {
        if (taken.has(name)) continue;
        if (trained.has(name)) {
          taken.set(name, await readWeight(weights, name));
          continue;
        }
        const kind = storage(name, shape);
        const isHalf = kind === 'float16' || kind === 'bfloat16';
        const elements = await (isHalf ? readElements : readWeight)(weights, name);
        for (const part of packParameter(name, shape, elements, kind)) frozen.set(part.name, part);
      }
    },
  };
}
