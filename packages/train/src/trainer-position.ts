import { countUpdates } from './schedule.js';

/** Where a run stands between two updates; JSON keeps it to the last bit. */
export interface TrainerPosition {
  /** Updates done. */
  readonly update: number;
  /** Of them, those that fp16 left out. */
  readonly skipped: number;
  /** From 0. */
  readonly epoch: number;
  /** Batches of this epoch that were learned from: all of them where only the epoch's end is still to come. */
  readonly batch: number;
  /** Tokens of texts so far. */
  readonly tokens: number;
  /** Of training. */
  readonly milliseconds: number;
  /** Summed over this epoch's batches; over those of the epoch before where none of this one's was learned from. */
  readonly loss: { readonly sum: number; readonly weight: number };
}

/** Where every run begins. */
export const startPosition: TrainerPosition = {
  ...{ update: 0, skipped: 0, epoch: 0, batch: 0, tokens: 0, milliseconds: 0 },
  loss: { sum: 0, weight: 0 },
};

interface RunShape {
  readonly epochs: number;
  readonly accumulation: number;
  readonly batchesPerEpoch: number;
}

/** @throws RangeError for a position that a run of this shape never has */
export function checkPosition(
  position: TrainerPosition,
  { epochs, accumulation, batchesPerEpoch }: RunShape,
): void {
  const { epoch, batch, update, skipped, tokens, milliseconds, loss } = position;
  const { perEpoch } = countUpdates(batchesPerEpoch, epochs, accumulation);
  const isCount = (value: number, most = Number.MAX_SAFE_INTEGER): boolean =>
    Number.isSafeInteger(value) && value >= 0 && value <= most;
  const isFinished = epoch === epochs;
  const faults = [
    !isCount(epoch, epochs) && `an epoch from 0 to ${epochs}, got ${epoch}`,
    !(
      isCount(batch, isFinished ? 0 : batchesPerEpoch) &&
      (batch % accumulation === 0 || batch === batchesPerEpoch)
    ) &&
      `a batch between two updates of ${accumulation} batches, of ${batchesPerEpoch} in an epoch, got ${batch}`,
    update !== epoch * perEpoch + Math.ceil(batch / accumulation) &&
      `the ${epoch * perEpoch + Math.ceil(batch / accumulation)} updates before it, got ${update}`,
    !isCount(skipped, update) && `at most ${update} skipped updates, got ${skipped}`,
    !(isCount(tokens) && milliseconds >= 0 && Number.isFinite(milliseconds)) &&
      `tokens and milliseconds, got ${tokens} and ${milliseconds}`,
    !(Number.isFinite(loss.sum) && Number.isFinite(loss.weight) && loss.weight >= 0) &&
      `a loss and its weight, got ${loss.sum} and ${loss.weight}`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0)
    throw new RangeError(
      `position: expected ${faults.join(', ')} — go on with the data and the settings that the run began with`,
    );
}
