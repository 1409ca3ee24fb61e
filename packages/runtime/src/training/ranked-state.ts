import { SessionError } from '../error.js';
import { type Tensor, zeros } from '../tensor.js';
import { type GroupPart, type PlacedParameter, tensorOf } from './group-memory.js';
import { parameterOf } from './mirror.js';
import type { TrainedParameter, TrainingState } from './state.js';

/** A trained parameter as a session's host reads it. */
export interface HostParameter extends TrainedParameter {
  /** Whether the host has a copy of what lies in shares. */
  copies(part: GroupPart): boolean;
  /** Lets copies go. */
  drop(): void;
}

/** What this rank has whole is read where it lies; of what lies in shares there are copies, made of zeros when they are asked for. */
export function hostParameter({ memory: { whole, own }, parameter }: PlacedParameter): HostParameter {
  const { name, shape } = parameter;
  const copies = new Map<GroupPart, Tensor>();
  const tensor = (part: GroupPart): Tensor => {
    if (!own[part]) return tensorOf(whole[part]!, parameter);
    const copy = copies.get(part) ?? zeros('float32', shape);
    copies.set(part, copy);
    return copy;
  };
  return Object.assign(parameterOf(name, shape, tensor), {
    copies: (part: GroupPart) => copies.has(part),
    drop: () => copies.clear(),
  });
}

/** Models read no moments. */
const none = new Float32Array(0);

/** A state as models are bound to it: parameters and gradients that are whole while a pass runs. */
export function boundState(
  state: TrainingState,
  placed: ReadonlyMap<string, PlacedParameter>,
): TrainingState {
  const lent = (what: string, { memory, parameter }: PlacedParameter, part: 'value' | 'gradient'): Tensor => {
    const whole = memory.whole[part];
    if (whole) return tensorOf(whole, parameter);
    throw new SessionError(
      `${what} of "${parameter.name}"`,
      'expected one that is whole in this pass, got one that was let go — run passes through the session',
    );
  };
  return {
    ...state,
    trained: state.trained.map(({ name, shape }) => {
      const own = placed.get(name)!;
      return {
        name,
        shape,
        get value() {
          return lent('value', own, 'value');
        },
        get gradient() {
          return lent('gradient', own, 'gradient');
        },
        first: none,
        second: none,
      };
    }),
  };
}
