import { type Checkpoint, checkCheckpoint, type NamedTensor } from '../artifacts/checkpoint.js';
import { decodeCheckpoint } from '../artifacts/decode-checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { Tensor } from '../tensor.js';
import { allocate, type Memory } from './allocate.js';
import { type LossScale, lossScaleOf, lossScaleProperties } from './loss-scale.js';
import { type MirroredParameter, mirrored } from './mirror.js';

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
  /** Of fp16 training. */
  lossScale?: LossScale | undefined;
}

/** The state that a checkpoint describes; moments start at zero where it has none. */
export function stateOf(bytes: Uint8Array, memory: Memory = 'shared'): TrainingState {
  return filledState(bytes, (name, shape): TrainedParameter => {
    const array = () => allocate(shape, memory);
    const tensor = () => new Tensor('float32', shape, array());
    return { name, value: tensor(), gradient: tensor(), first: array(), second: array() };
  });
}

/** `stateOf` for a state that lies on a device. */
export const mirroredState = (bytes: Uint8Array): TrainingState & { trained: readonly MirroredParameter[] } =>
  filledState(bytes, mirrored);

function filledState<P extends TrainedParameter>(
  bytes: Uint8Array,
  parameter: (name: string, shape: readonly number[]) => P,
): TrainingState & { trained: readonly P[] } {
  const checkpoint = decodeCheckpoint(bytes);
  const state = {
    trained: checkpoint.trainable.map(({ name, shape }) => parameter(name, shape)),
    frozen: new Map(checkpoint.frozen.map(frozenTensor)),
    step: 0,
  };
  restoreState(state, checkpoint);
  return state;
}

function frozenTensor({ name, dtype, shape, data }: NamedTensor): [string, Tensor] {
  if (dtype !== 'float32')
    throw new ArtifactError(`checkpoint: "${name}"`, `expected a float32 parameter, got ${dtype}`);
  return [name, new Tensor(dtype, shape, data as Float32Array)];
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
export function snapshotState({ trained, frozen, step, lossScale }: TrainingState): Checkpoint {
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
    properties: lossScaleProperties(lossScale),
  };
}
