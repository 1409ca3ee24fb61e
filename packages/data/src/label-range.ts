import { DataError, type Position } from './data-error.js';

/** The range in which labels are written: `min_label` and `max_label` of the originals. */
export interface LabelRange {
  readonly min: number;
  readonly max: number;
}

/** Throws a RangeError unless min < max, both finite. */
export function checkLabelRange({ min, max }: LabelRange): void {
  if (Number.isFinite(min) && Number.isFinite(max) && min < max) return;
  throw new RangeError(
    `min_label, max_label: expected min < max, got ${min} and ${max} — swap or correct them`,
  );
}

/** (label − min) / (max − min), in [0, 1]; throws {@link DataError} for a label outside the range. */
export function scaleLabel(label: number, { min, max }: LabelRange, at: Position, where: string): number {
  if (label >= min && label <= max) return (label - min) / (max - min);
  const remedy = 'set min_label and max_label to the range of your labels, or correct the row';
  const expected = `${where} between ${min} and ${max}`;
  throw new DataError('label-out-of-range', { at, expected, got: String(label), remedy });
}
