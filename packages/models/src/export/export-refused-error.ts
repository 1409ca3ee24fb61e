/** A measure of what a narrowed model lost, and the limit that was set for it. */
export interface LossLimit {
  /** The option that sets the limit. */
  readonly option: string;
  /** What is measured, in words. */
  readonly measure: string;
  readonly measured: number;
  readonly least: number;
}

/** A narrowed model that gives too different results, which was therefore not written. */
export class ExportRefusedError extends Error {
  override name = 'ExportRefusedError';
  constructor(
    readonly dtype: string,
    /** The first limit that was missed. */
    readonly limit: LossLimit,
    /** Everything that was measured. */
    readonly loss: { readonly count: number },
  ) {
    const { option, measure, measured, least } = limit;
    super(
      `${dtype}: expected ${measure} of at least ${least}, got ${shown(measured)} on ${loss.count} inputs (${describeLoss(loss)}) — take a wider dtype, or accept the loss by ${option}`,
    );
  }
}

/** @throws ExportRefusedError for the first limit that is not reached; a measure that is no number reaches none */
export function checkLoss(
  dtype: string,
  loss: { readonly count: number },
  limits: readonly LossLimit[],
): void {
  const missed = limits.find(({ measured, least }) => !(measured >= least));
  if (missed) throw new ExportRefusedError(dtype, missed, loss);
}

/** `spearman 0.9871, mean 0.0123`, in the order of its keys; an overlap over fewer than all says over how many. */
export function describeLoss(loss: { readonly count: number; readonly overlapCount?: number }): string {
  const { count, overlapCount = count, ...measures } = loss;
  const part = overlapCount < count ? ` of the first ${overlapCount} of ${count}` : '';
  return Object.entries(measures)
    .map(([key, value]) => `${key} ${shown(Number(value))}${key === 'overlap' ? part : ''}`)
    .join(', ');
}

const shown = (value: number): string => (Math.abs(value) < 1e-3 ? value.toPrecision(2) : value.toFixed(4));
