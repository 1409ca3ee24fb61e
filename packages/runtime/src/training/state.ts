import type { Checkpoint, NamedTensor } from '../artifacts/checkpoint.js';
import { noProperties } from '../artifacts/checkpoint.js';
import { decodeCheckpoint } from '../artifacts/decode-checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { Tensor } from '../tensor.js';
import { allocate } from './allocate.js';

/** A parameter that is updated, with everything that the update needs; float32 arrays of the parameter's size. */
export interface TrainedParameter {
  readonly name: string;
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** AdamW's m. */
  readonly first: Float32Array;
  /** AdamW's v. */
  readonly second: Float32Array;
}

/** The state of a training run in host memory, which ONNX Runtime reads and writes in place. */
export interface TrainingState {
  readonly trained: readonly TrainedParameter[];
  readonly frozen: ReadonlyMap<string, Tensor>;
  /** Updates done so far. */
  step: number;
}

/** The state that a checkpoint describes; moments start at zero where it has none. */
export function stateOf(bytes: Uint8Array): TrainingState {
  const checkpoint = decodeCheckpoint(bytes);
  const trained = checkpoint.trainable.map(({ name, shape }): TrainedParameter => {
    const tensor = () => new Tensor('float32', shape, allocate(shape));
    return { name, value: tensor(), gradient: tensor(), first: allocate(shape), second: allocate(shape) };
  });
  const state: TrainingState = { trained, frozen: new Map(checkpoint.frozen.map(frozenTensor)), step: 0 };
  restoreState(state, checkpoint);
  return state;
}

function frozenTensor({ name, dtype, shape, data }: NamedTensor): [string, Tensor] {
  if (dtype !== 'float32')
    throw new ArtifactError(`checkpoint: "${name}"`, `expected a float32 parameter, got ${dtype}`);
  return [name, new Tensor(dtype, shape, data as Float32Array)];
}

/** Copies a checkpoint's parameters, moments and step into a state of the same parameters; throws ArtifactError naming what differs. */
export function restoreState(state: TrainingState, { trainable, optimizer }: Checkpoint): void {
  const values = new Map(trainable.map((tensor) => [tensor.name, tensor]));
  const moments = new Map((optimizer?.states ?? []).map((entry) => [entry.name, entry]));
  for (const { name, value } of state.trained) {
    const tensor = values.get(name);
    if (!tensor || tensor.data.length !== value.data.length)
      throw new ArtifactError(
        `checkpoint: "${name}"`,
        `expected a parameter [${value.shape.join(', ')}], got ${tensor ? `[${tensor.shape.join(', ')}]` : 'none'} — restore a checkpoint of this model`,
      );
  }
  if (values.size !== state.trained.length)
    throw new ArtifactError(
      'checkpoint',
      `expected ${state.trained.length} trainable parameters, got ${values.size} — restore a checkpoint of this model`,
    );
  for (const { name, value, first, second } of state.trained) {
    (value.data as Float32Array).set(values.get(name)!.data as Float32Array);
    const entry = moments.get(name);
    if (entry) {
      first.set(entry.momentum0);
      second.set(entry.momentum1);
    } else {
      first.fill(0);
      second.fill(0);
    }
  }
  state.step = Number(optimizer?.step ?? 0n);
}

/** The state as a checkpoint, in arrays of its own. */
export function snapshotState({ trained, frozen, step }: TrainingState): Checkpoint {
  const copy = (name: string, { shape, data }: Tensor): NamedTensor => ({
    name,
    dtype: 'float32',
    shape,
    data: Float32Array.from(data as Float32Array),
  });
  return {
    trainable: trained.map(({ name, value }) => copy(name, value)),
    frozen: [...frozen].map(([name, tensor]) => copy(name, tensor)),
    optimizer: {
      step: BigInt(step),
      initialLearningRate: 0,
      states: trained.map(({ name, first, second }) => ({
        name,
        momentum0: Float32Array.from(first),
        momentum1: Float32Array.from(second),
      })),
    },
    properties: noProperties(),
  };
}
