import { NotFiniteError, SessionError } from '../error.js';
import { clipCoefficient } from './global-norm.js';
import type { LossScaler } from './loss-scale.js';
import { type OptimizerPlan, updateSettings } from './optimizer-model.js';
import type { Residence } from './residence.js';
import type { TrainingState } from './state.js';
import type { UpdateResult } from './update-result.js';

/** What an update is made of. */
export interface Descent {
  readonly state: TrainingState;
  readonly residence: Pick<Residence, 'globalNorm' | 'adamw'>;
  readonly optimizer: OptimizerPlan;
  readonly scaler: LossScaler;
}

/**
 * One AdamW update with gathered gradients, divided by the weight of their batches and clipped by their common norm; in fp16 one whose
 * gradients are not finite is left out.
 * @param gathered the loss summed over the weight of all batches
 * @throws SessionError where the weight is not above 0 or gradients are not finite; the state is then as before
 */
export async function descend(
  { state, residence, optimizer, scaler }: Descent,
  { sum, weight }: { readonly sum: number; readonly weight: number },
  learningRate: number,
): Promise<UpdateResult> {
  if (!(weight > 0))
    throw new SessionError(
      'update',
      `expected batches with something to learn from, got a total weight of ${weight} — drop such batches`,
    );
  const { maxGradNorm } = optimizer;
  const loss = sum / weight;
  const gradientNorm = await residence.globalNorm(1 / weight / scaler.factor);
  if (!Number.isFinite(gradientNorm)) {
    const skipped = scaler.skipped(loss, weight);
    if (skipped) return { loss, weight, gradientNorm, ...skipped };
    throw new NotFiniteError(
      'update',
      `expected finite gradients, got a norm of ${gradientNorm} at a loss of ${loss} — lower the learning rate or look at the batch`,
    );
  }
  const clip = maxGradNorm === undefined ? 1 : clipCoefficient(gradientNorm, maxGradNorm);
  const settings = updateSettings(optimizer, learningRate);
  await residence.adamw(settings, state.step + 1, clip / weight / scaler.factor);
  state.step++;
  return { loss, weight, gradientNorm, ...scaler.applied(weight) };
}
