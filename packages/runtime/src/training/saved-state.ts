import { SessionError } from '../error.js';
import { elementCount } from '../tensor.js';
import { checkLossScale, type LossScale } from './loss-scale.js';
import type { Residence } from './residence.js';
import { arrayOf, type StatePart, type TrainingState } from './state.js';

/** What a trained parameter has: its value, and AdamW's moments m and v; float32, of the parameter's shape each. */
export const STATE_PARTS: readonly StatePart[] = ['value', 'first', 'second'];

/**
 * Where training stands between two updates, as far as a session knows it: what another session of the same plan goes on from. Frozen
 * parameters are no part of it.
 */
export interface SessionState {
  /** Updates done. */
  readonly step: number;
  /** Of fp16 alone. */
  readonly lossScale?: LossScale;
  /** The trained parameters. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** One tensor: a view of the live state, to be used before the next update, or a copy where the state lies on a device. */
  read(parameter: string, part: StatePart): Promise<Float32Array>;
}

/** The state as it stands, read tensor by tensor when asked. */
export const savedState = (
  { trained, step, lossScale }: TrainingState,
  residence: Pick<Residence, 'read'>,
): SessionState => ({
  step,
  ...(lossScale && { lossScale }),
  parameters: trained.map(({ name, shape }) => ({ name, shape })),
  read: (parameter, part) => residence.read(parameter, part),
});

/**
 * Takes a state of the same parameters, one tensor at a time, into its arrays unless `write` puts it elsewhere. Names, shapes and numbers are checked before anything is changed.
 * @throws SessionError naming what differs, and what `read` throws: the arrays then hold a part of it
 */
export async function takeSavedState(
  state: TrainingState,
  saved: SessionState,
  write: Residence['write'] = (name, part, data) => arrayOf(known(state, name), part).set(data),
): Promise<void> {
  const { step, lossScale } = saved;
  if (!Number.isSafeInteger(step) || step < 0)
    throw refuse('step', 'a whole number from 0', step, 'read a state that was saved');
  if (lossScale) checkLossScale(lossScale, 'training state');
  const given = new Map(saved.parameters.map(({ name, shape }) => [name, shape]));
  for (const { name, shape: expected } of state.trained) {
    const shape = given.get(name);
    if (shape?.join() !== expected.join())
      throw refuse(
        `"${name}"`,
        `float32[${expected.join(', ')}]`,
        shape ? `[${shape.join(', ')}]` : 'none',
        'go on with the model and the settings that the run began with',
      );
  }
  const own = new Set(state.trained.map(({ name }) => name));
  const extra = saved.parameters.find(({ name }) => !own.has(name));
  if (extra)
    throw refuse(
      `"${extra.name}"`,
      `the ${own.size} parameters that are trained`,
      'this one besides',
      'go on with the model and the settings that the run began with',
    );
  for (const { name, shape } of state.trained) {
    const count = elementCount(`"${name}"`, shape);
    for (const part of STATE_PARTS) {
      const data = await saved.read(name, part);
      if (!(data instanceof Float32Array) || data.length !== count)
        throw refuse(
          `"${name}", ${part}`,
          `a Float32Array of ${count} elements`,
          data instanceof Float32Array ? `${data.length}` : String(data),
          'read a state that was saved',
        );
      write(name, part, data);
    }
  }
  state.step = step;
  state.lossScale = lossScale;
}

/** A trained parameter of this name. @throws SessionError */
export function known({ trained }: Pick<TrainingState, 'trained'>, parameter: string) {
  const found = trained.find(({ name }) => name === parameter);
  if (found) return found;
  throw refuse(`"${parameter}"`, 'a parameter that is trained', 'none of this name', 'see `parameters`');
}

const refuse = (what: string, expected: string, got: unknown, advice: string): SessionError =>
  new SessionError(`training state: ${what}`, `expected ${expected}, got ${got} — ${advice}`);
