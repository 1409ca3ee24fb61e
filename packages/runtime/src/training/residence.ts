import { SessionError } from '../error.js';
import type { AdamWSettings } from './adamw.js';
import type { OpenModel } from './bound-model.js';
import type { StatePart } from './state.js';

/**
 * Where the state of a training run lies (parameters, gradients, moments), and what is done to it there. Batches come to it and losses leave
 * it; the rest stays.
 */
export interface Residence {
  /** Opens a lowered model on the state. */
  openModel(model: Uint8Array): Promise<OpenModel>;
  /** Of these parameters, or of all. */
  zeroGradients(names?: ReadonlySet<string>): Promise<void>;
  /** L2 norm over all gradients, times `|scale|`: NaN or Infinity if a gradient is. */
  globalNorm(scale: number): Promise<number>;
  /** One AdamW update with settings by group; `step` counts from 1, `scale` multiplies the gradients. */
  adamw(settings: readonly AdamWSettings[], step: number, scale: number): Promise<void>;
  /** Throws SessionError unless the state's arrays hold what lies there: on a device or in shares after `synchronize`, elsewhere always. */
  checkHost(where: string, what?: 'weights' | 'everything'): void;
  /** Reads the state into its arrays; everything unless told otherwise. Of several ranks, `weights` reads none that lie in shares. */
  synchronize(what?: 'weights' | 'everything'): Promise<void>;
  /** A part of a trained parameter's state as it lies there: the state's own array, or a copy from a device or from all ranks. */
  read(parameter: string, part: StatePart): Promise<Float32Array>;
  /** Writes such a part, into the state's array where it lies on a device: `takeHost` once all are written. */
  write(parameter: string, part: StatePart, data: Float32Array): void;
  /** Takes the state from its arrays, which were written. */
  takeHost(): void;
  dispose(): void;
}

const gone = (): never => {
  throw new SessionError(
    'residence',
    'expected a live training session, got one that was disposed — create it again',
  );
};

/** In the place of one that was disposed of, so that nothing of its state is held. */
export const disposedResidence: Residence = {
  openModel: gone,
  zeroGradients: gone,
  globalNorm: gone,
  adamw: gone,
  checkHost: gone,
  synchronize: gone,
  read: gone,
  write: gone,
  takeHost: gone,
  dispose() {},
};
