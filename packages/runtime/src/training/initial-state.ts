import {
  type Checkpoint,
  type CheckpointProperties,
  elementCount,
  type NamedTensor,
  noProperties,
  type OptimizerState,
} from '../artifacts/checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { Tensor, type TensorParts } from '../tensor.js';

/** A parameter by its name in the graph. */
export interface PlannedParameter {
  readonly name: string;
  readonly dtype: Tensor['dtype'];
  readonly shape: readonly number[];
}

/**
 * What a training run starts with. Values are asked for one at a time, when the state is made: no more than one lies beside it. They are
 * asked for anew by every session of a plan.
 */
export interface InitialState {
  /** float32. */
  readonly trainable: readonly PlannedParameter[];
  /** float32, and part of checkpoints. */
  readonly frozen: readonly PlannedParameter[];
  /** The elements of one of these, or a promise of them. */
  value(parameter: PlannedParameter): Float32Array | Promise<Float32Array>;
  /** Frozen ones of any type that stay where they lie and are in no checkpoint. */
  readonly resident: readonly PlannedParameter[];
  /** One of these: read in place for as long as the session lives, never written. */
  residentTensor(parameter: PlannedParameter): TensorParts;
  readonly optimizer?: OptimizerState;
  readonly properties: CheckpointProperties;
}

/** The state that a checkpoint holds; throws ArtifactError for parameters that are not float32. */
export function initialStateOf({ trainable, frozen, optimizer, properties }: Checkpoint): InitialState {
  const data = new Map([...trainable, ...frozen].map((tensor) => [tensor.name, tensor.data]));
  const planned = ({ name, dtype, shape }: NamedTensor): PlannedParameter => {
    if (dtype !== 'float32')
      throw new ArtifactError(`checkpoint: "${name}"`, `expected a float32 parameter, got ${dtype}`);
    return { name, dtype, shape };
  };
  return {
    trainable: trainable.map(planned),
    frozen: frozen.map(planned),
    value: ({ name }) => data.get(name) as Float32Array,
    resident: [],
    residentTensor: notResident,
    ...(optimizer && { optimizer }),
    properties,
  };
}

/** Of a state without any. */
export const notResident = ({ name }: PlannedParameter): never => {
  throw new ArtifactError(`parameter "${name}"`, 'expected one that is resident, got another');
};

/** The checkpoint of a state that has not been made, all values at once; throws ArtifactError where a part is resident or has to be awaited. */
export function checkpointOf(initial: InitialState): Checkpoint {
  const [resident] = initial.resident;
  if (resident)
    throw new ArtifactError(
      `parameter "${resident.name}"`,
      'expected parameters that a checkpoint holds, got one that stays where it lies — compile without `resident`',
    );
  const named = (parameter: PlannedParameter): NamedTensor => ({
    ...parameter,
    data: checkedValue(parameter, initial.value(parameter)),
  });
  return {
    trainable: initial.trainable.map(named),
    frozen: initial.frozen.map(named),
    ...(initial.optimizer && { optimizer: initial.optimizer }),
    properties: initial.properties ?? noProperties(),
  };
}

/** A parameter's first value; throws ArtifactError where it does not have the parameter's elements. */
export const initialValue = async (
  initial: InitialState,
  parameter: PlannedParameter,
): Promise<Float32Array> => checkedValue(parameter, await initial.value(parameter));

function checkedValue({ name, shape }: PlannedParameter, data: unknown): Float32Array {
  if (data instanceof Promise) {
    data.catch(() => {});
    throw new ArtifactError(
      `parameter "${name}"`,
      'expected its values at once, got a promise of them — create a session, or give an `initial` that has them in memory',
    );
  }
  const count = elementCount(shape);
  if (!(data instanceof Float32Array) || data.length !== count)
    throw new ArtifactError(
      `parameter "${name}"`,
      `expected a Float32Array of ${count} elements for [${shape.join(', ')}], got ${data instanceof Float32Array ? data.length : String(data)} — see \`initial\``,
    );
  return data;
}

/** A resident parameter's tensor; throws ArtifactError where it is of another type. */
export function residentValue(initial: InitialState, parameter: PlannedParameter): Tensor {
  const { name, dtype, shape } = parameter;
  const parts = initial.residentTensor(parameter);
  if (parts.dtype !== dtype || parts.shape.join() !== shape.join())
    throw new ArtifactError(
      `parameter "${name}"`,
      `expected ${dtype}[${shape.join(', ')}], got ${parts.dtype}[${parts.shape.join(', ')}] — see \`resident\``,
    );
  return new Tensor(parts.dtype, parts.shape, parts.data);
}
