import { type Checkpoint, checkCheckpoint, type NamedTensor } from '../artifacts/checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { Tensor } from '../tensor.js';
import { allocate, type Memory } from './allocate.js';
import { type InitialState, initialValue, residentValue } from './initial-state.js';
import { type LossScale, lossScaleOf, lossScaleProperties } from './loss-scale.js';
import { type MirroredParameter, mirrored } from './mirror.js';

/** A parameter that is updated, with everything that the update needs; float32 arrays of the parameter's size. */
export interface TrainedParameter {
  readonly name: string;
  readonly shape: readonly number[];
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
  /** Frozen parameters of any type that are somebody else's memory: read in place, in no checkpoint. */
  readonly resident: ReadonlyMap<string, Tensor>;
  /** Updates done so far. */
  step: number;
  /** Of fp16 training. */
  lossScale?: LossScale | undefined;
}

/** The state that a run starts with; moments start at zero where none are given. */
export function stateOf(initial: InitialState, memory: Memory = 'shared'): Promise<TrainingState> {
  return filledState(
    initial,
    (name, shape): TrainedParameter => {
      const array = () => allocate(shape, memory);
      const tensor = () => new Tensor('float32', shape, array());
      return { name, shape, value: tensor(), gradient: tensor(), first: array(), second: array() };
    },
    memory,
  );
}

/** `stateOf` for a state that lies on a device. */
export const mirroredState = (
  initial: InitialState,
): Promise<TrainingState & { trained: readonly MirroredParameter[] }> =>
  filledState(initial, mirrored, 'own');

/** The numbers of a state, without its arrays. */
export const withoutTensors = ({ step, lossScale }: TrainingState): TrainingState => ({
  ...{ trained: [], frozen: new Map(), resident: new Map() },
  ...{ step, lossScale },
});

/** A part of a trained parameter's state: its value, or one of AdamW's moments m and v. */
export type StatePart = 'value' | 'first' | 'second';

/** The array of a part of a parameter's state. */
export const arrayOf = ({ value, first, second }: TrainedParameter, part: StatePart): Float32Array =>
  part === 'value' ? (value.data as Float32Array) : part === 'first' ? first : second;

/**
 * An initial state in parameters that `parameter` makes, one after the other; `put` writes a part of one, into its array unless told
 * otherwise.
 */
export async function filledState<P extends TrainedParameter>(
  initial: InitialState,
  parameter: (name: string, shape: readonly number[]) => P,
  memory: Memory,
  put: (made: P, part: StatePart, data: Float32Array) => void = (made, part, data) =>
    arrayOf(made, part).set(data),
): Promise<TrainingState & { trained: readonly P[] }> {
  const lossScale = lossScaleOf(initial.properties);
  const moments = new Map((initial.optimizer?.states ?? []).map((entry) => [entry.name, entry]));
  const trained: P[] = [];
  for (const planned of initial.trainable) {
    const made = parameter(planned.name, planned.shape);
    put(made, 'value', await initialValue(initial, planned));
    const entry = moments.get(planned.name);
    if (entry) {
      put(made, 'first', entry.momentum0);
      put(made, 'second', entry.momentum1);
    }
    trained.push(made);
  }
  const frozen = new Map<string, Tensor>();
  for (const planned of initial.frozen) {
    const data = allocate(planned.shape, memory);
    data.set(await initialValue(initial, planned));
    frozen.set(planned.name, new Tensor('float32', planned.shape, data));
  }
  const resident = initial.resident.map(
    (planned) => [planned.name, residentValue(initial, planned)] as const,
  );
  return {
    trained,
    frozen,
    resident: new Map(resident),
    step: Number(initial.optimizer?.step ?? 0n),
    lossScale,
  };
}

/**
 * Copies a checkpoint's parameters, moments, step and loss scale into a state of the same parameters, or changes nothing.
 * @throws ArtifactError naming what differs
 */
export function restoreState(state: TrainingState, checkpoint: Checkpoint): void {
  checkCheckpoint(checkpoint, 'checkpoint');
  const { trainable, frozen, optimizer, properties } = checkpoint;
  const lossScale = lossScaleOf(properties);
  const values = matched('trainable', trainable, new Map(state.trained.map((own) => [own.name, own.value])));
  const frozenValues = matched('frozen', frozen, state.frozen);
  const moments = new Map((optimizer?.states ?? []).map((entry) => [entry.name, entry]));
  for (const { name, value, first, second } of state.trained) {
    (value.data as Float32Array).set(values.get(name)!);
    const entry = moments.get(name);
    if (entry) {
      first.set(entry.momentum0);
      second.set(entry.momentum1);
    } else {
      first.fill(0);
      second.fill(0);
    }
  }
  for (const [name, { data }] of state.frozen) (data as Float32Array).set(frozenValues.get(name)!);
  state.step = Number(optimizer?.step ?? 0n);
  state.lossScale = lossScale;
}

/** The elements of a checkpoint's tensors by name; throws ArtifactError unless names and shapes are those of `own`. */
function matched(
  kind: string,
  tensors: readonly NamedTensor[],
  own: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Float32Array> {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const [name, { shape }] of own) {
    const tensor = given.get(name);
    if (tensor?.dtype !== 'float32' || tensor.shape.join() !== shape.join())
      throw new ArtifactError(
        `checkpoint: "${name}"`,
        `expected a ${kind} parameter float32[${shape.join(', ')}], got ${tensor ? `${tensor.dtype}[${tensor.shape.join(', ')}]` : 'none'} — restore a checkpoint of this model`,
      );
  }
  const extra = tensors.find(({ name }) => !own.has(name));
  if (extra)
    throw new ArtifactError(
      `checkpoint: "${extra.name}"`,
      `expected the ${own.size} ${kind} parameters of this model, got this one besides — restore a checkpoint of this model`,
    );
  return new Map(tensors.map(({ name, data }) => [name, data as Float32Array]));
}

/** The state as a checkpoint, in arrays of its own. */
export function snapshotState(state: TrainingState): Checkpoint {
  const { trainable, frozen, optimizer, ...rest } = stateInPlace(state);
  const copy = (tensor: NamedTensor): NamedTensor => ({
    ...tensor,
    data: Float32Array.from(tensor.data as Float32Array),
  });
  return {
    ...rest,
    trainable: trainable.map(copy),
    frozen: frozen.map(copy),
    optimizer: {
      ...optimizer!,
      states: optimizer!.states.map(({ name, momentum0, momentum1 }) => ({
        name,
        momentum0: Float32Array.from(momentum0),
        momentum1: Float32Array.from(momentum1),
      })),
    },
  };
}

/** The state as a checkpoint of views. */
export function stateInPlace(state: TrainingState): Checkpoint {
  const { trained, frozen, step, lossScale } = state;
  return {
    trainable: trained.map(({ name, value }) => named(name, value)),
    frozen: [...frozen].map(([name, tensor]) => named(name, tensor)),
    optimizer: {
      step: BigInt(step),
      initialLearningRate: 0,
      states: trained.map(({ name, first, second }) => ({ name, momentum0: first, momentum1: second })),
    },
    properties: lossScaleProperties(lossScale),
  };
}

/** The parameters, those that are trained before the frozen, as views. */
export const weightsInPlace = ({ trained, frozen }: TrainingState): NamedTensor[] => [
  ...trained.map(({ name, value }) => named(name, value)),
  ...[...frozen].map(([name, tensor]) => named(name, tensor)),
];

const named = (name: string, { shape, data }: Tensor): NamedTensor => ({
  name,
  dtype: 'float32',
  shape,
  data,
});
