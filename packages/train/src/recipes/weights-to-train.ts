import {
  initializeLora,
  isLoraParameter,
  type ParameterStorage,
  packParameter,
  type StoredTensor,
} from '@rag/models';
import type { CompileOptions, TensorParts } from '@rag/runtime';
import { type InitialWeights, readElements, readWeight } from './initial-weights.js';

/**
 * The weights of a run as `compile` asks for them. What is trained is read as a session is made, one parameter at a time: what was read and
 * let go before would leave holes among the state's arrays, and no other process has their memory. What is frozen is read by `load`, after
 * the plan is made and before its session is.
 */
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
export const allWeights = (weights: InitialWeights): WeightsToTrain => ({
  trainable: () => true,
  resident: () => undefined,
  initial: (name) => readWeight(weights, name),
  async load() {},
});

/** Frozen parameters are read where `load` put them, stored as `storage` says, and so lie in memory once. */
export function weightsToTrain(
  weights: InitialWeights,
  { base, trained, storage, instead, seed }: WeightSelection,
): WeightsToTrain {
  const frozen = new Map<string, StoredTensor>();
  return {
    trainable: (name) => trained.has(name),
    initial(name, shape) {
      const read = instead.get(name);
      if (read) return read();
      return isLoraParameter(name) ? initializeLora({ name, shape }, seed) : readWeight(weights, name);
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
      for (const { name, shape } of base) {
        if (trained.has(name)) continue;
        const kind = storage(name, shape);
        const isHalf = kind === 'float16' || kind === 'bfloat16';
        const elements = await (isHalf ? readElements : readWeight)(weights, name);
        for (const part of packParameter(name, shape, elements, kind)) frozen.set(part.name, part);
      }
    },
  };
}
