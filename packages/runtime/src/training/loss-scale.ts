import { type CheckpointProperties, noProperties } from '../artifacts/checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { NotFiniteError, SessionError } from '../error.js';

/** How the loss of fp16 training is scaled so that small gradients do not become 0; the defaults are torch's GradScaler's. */
export interface LossScaling {
  /** @default 65536 */
  readonly initial?: number;
  /** Factor after `growthInterval` updates in a row. @default 2 */
  readonly growth?: number;
  /** Factor after an overflow. @default 0.5 */
  readonly backoff?: number;
  /** Updates; Infinity never grows. @default 2000 */
  readonly growthInterval?: number;
}

/** Where dynamic loss scaling stands; part of the training state. */
export interface LossScale {
  /** Of the mean loss, as GradScaler's. */
  readonly scale: number;
  /**
   * The weight of the update before, up to the next power of two; 1 before the first. The loss that is differentiated is a sum, which
   * `scale / weight` brings to where a mean would be.
   */
  readonly weight: number;
  /** Updates in a row since the scale changed. */
  readonly applied: number;
  /** Updates of the run that were left out because gradients overflowed. */
  readonly skipped: number;
  /** Of those, the last ones in a row. */
  readonly skippedInARow: number;
}

/** Updates in a row that may overflow once the scale is below 1, where scaling no longer is the reason. */
export const MOST_SKIPPED = 20;

/** @throws SessionError for settings that are no numbers of their kind */
export function initialLossScale({ initial = 65536, ...settings }: LossScaling = {}): LossScale {
  const { growth, backoff, growthInterval } = withDefaults(settings);
  const faults = [
    !(initial > 0 && Number.isFinite(initial)) && `an initial scale > 0, got ${initial}`,
    !(growth > 1) && `growth > 1, got ${growth}`,
    !(backoff > 0 && backoff < 1) && `backoff in (0, 1), got ${backoff}`,
    !(growthInterval >= 1) && `a growthInterval ≥ 1, got ${growthInterval}`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new SessionError('lossScaling', `expected ${faults.join(', ')}`);
  return { scale: initial, weight: 1, applied: 0, skipped: 0, skippedInARow: 0 };
}

const withDefaults = ({ growth = 2, backoff = 0.5, growthInterval = 2000 }: LossScaling) => ({
  growth,
  backoff,
  growthInterval,
});

const powerOfTwo = (weight: number): number => 2 ** Math.ceil(Math.log2(weight));

/** After an update of this weight with finite gradients (https://docs.pytorch.org/docs/stable/amp.html). */
export function scaleAfterUpdate(now: LossScale, weight: number, settings: LossScaling = {}): LossScale {
  const { growth, growthInterval } = withDefaults(settings);
  const applied = now.applied + 1;
  const grown = now.scale * growth;
  const grows = applied >= growthInterval;
  return {
    ...now,
    scale: grows && Number.isFinite(Math.fround(grown)) ? grown : now.scale,
    weight: powerOfTwo(weight),
    applied: grows ? 0 : applied,
    skippedInARow: 0,
  };
}

/**
 * After an update whose gradients were not finite, which is skipped.
 * @param update its mean loss, for the error, and its weight
 * @throws SessionError after `MOST_SKIPPED` such updates in a row where the scale is below 1: the scale is not the reason
 */
export function scaleAfterOverflow(
  now: LossScale,
  { loss, weight }: { readonly loss: number; readonly weight: number },
  settings: LossScaling = {},
): LossScale {
  const next: LossScale = {
    scale: now.scale * withDefaults(settings).backoff,
    weight: powerOfTwo(weight),
    applied: 0,
    skipped: now.skipped + 1,
    skippedInARow: now.skippedInARow + 1,
  };
  if (next.skippedInARow >= MOST_SKIPPED && next.scale < 1)
    throw new NotFiniteError(
      'update',
      `expected finite gradients once the loss is scaled down, got ${next.skippedInARow} updates in a row without, the last at a loss scale of ${now.scale} and a loss of ${loss} — train in bf16 or fp32, lower the learning rate or look at the batches`,
    );
  return next;
}

/** Keeps the loss scale of a training state. */
export interface LossScaler {
  /** What the summed loss, and so every gradient, is multiplied by until the update is done; 1 where nothing is scaled. */
  readonly factor: number;
  /** Goes on with what the state holds by now, or begins. */
  begin(): void;
  /** An update is done; what it tells of the scale. */
  applied(weight: number): { readonly lossScale?: number };
  /** Gradients were not finite; undefined where no scale can be the reason. Throws as `scaleAfterOverflow`. */
  skipped(loss: number, weight: number): { readonly skipped: true; readonly lossScale: number } | undefined;
}

/** @param settings undefined where nothing is scaled */
export function lossScaler(
  state: { lossScale?: LossScale | undefined },
  settings: LossScaling | undefined,
): LossScaler {
  const scaler: LossScaler = {
    get factor() {
      return state.lossScale ? state.lossScale.scale / state.lossScale.weight : 1;
    },
    begin() {
      state.lossScale = settings && (state.lossScale ?? initialLossScale(settings));
    },
    applied(weight) {
      if (!state.lossScale) return {};
      state.lossScale = scaleAfterUpdate(state.lossScale, weight, settings);
      return { lossScale: state.lossScale.scale };
    },
    skipped(loss, weight) {
      if (!state.lossScale) return undefined;
      state.lossScale = scaleAfterOverflow(state.lossScale, { loss, weight }, settings);
      return { skipped: true, lossScale: state.lossScale.scale };
    },
  };
  scaler.begin();
  return scaler;
}

const names = {
  scale: 'loss_scale',
  weight: 'loss_scale_weight',
  applied: 'loss_scale_applied',
  skipped: 'loss_scale_skipped',
  skippedInARow: 'loss_scale_skipped_in_a_row',
} as const;

/** A checkpoint's properties; none without a scale. */
export function lossScaleProperties(state: LossScale | undefined): CheckpointProperties {
  const properties = noProperties();
  if (!state) return properties;
  const { scale, weight, ...counts } = state;
  return {
    ...properties,
    floats: new Map([
      [names.scale, scale],
      [names.weight, weight],
    ]),
    ints: new Map(
      (['applied', 'skipped', 'skippedInARow'] as const).map((key) => [names[key], BigInt(counts[key])]),
    ),
  };
}

/**
 * The scale that a checkpoint's properties hold; undefined for one of another precision.
 * @throws ArtifactError for a scale or a count that cannot be one
 */
export function lossScaleOf({ floats, ints }: CheckpointProperties): LossScale | undefined {
  const scale = floats.get(names.scale);
  if (scale === undefined) return undefined;
  const count = (key: 'applied' | 'skipped' | 'skippedInARow') => Number(ints.get(names[key]) ?? 0n);
  const state: LossScale = {
    scale,
    weight: floats.get(names.weight) ?? 1,
    applied: count('applied'),
    skipped: count('skipped'),
    skippedInARow: count('skippedInARow'),
  };
  checkLossScale(state, 'checkpoint');
  return state;
}

/** @throws ArtifactError for a scale or a count that cannot be one */
export function checkLossScale(state: LossScale, where: string): void {
  for (const key of ['scale', 'weight', 'applied', 'skipped', 'skippedInARow'] as const) {
    const value: unknown = state[key];
    const isScale = key === 'scale' || key === 'weight';
    const fits = isScale
      ? typeof value === 'number' && value > 0 && Number.isFinite(value)
      : Number.isSafeInteger(value) && (value as number) >= 0;
    if (!fits)
      throw new ArtifactError(
        `${where}: property "${names[key]}"`,
        `expected a ${isScale ? 'number > 0' : 'count'}, got ${value}`,
      );
  }
}
