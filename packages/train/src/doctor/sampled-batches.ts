import type { DropoutDraw } from '@rag/models';
import type { TaskData } from '../recipes/prepared-task.js';
import type { TaskBatch } from '../trainer.js';

/** What some batches of an epoch tell of all. */
export interface SampledBatches {
  /** Batches that were looked at. */
  readonly batches: number;
  /** Of these the one with most tokens, by its place in the epoch. */
  readonly largest: { readonly place: number; readonly tokens: number };
  /** Tokens of texts in an epoch: counted where all batches were looked at, else by their mean. */
  readonly tokensPerEpoch: number;
}

/** Places that are spread evenly over `from … to − 1` however early one stops: halves, quarters, eighths (van der Corput). */
export function* spreadPlaces(from: number, to: number): Generator<number> {
  const seen = new Set<number>();
  for (let i = 1; seen.size < to - from; i++) {
    let [share, digit] = [0, 0.5];
    for (let rest = i; rest > 0; rest >>= 1, digit /= 2) if (rest & 1) share += digit;
    const place = from + Math.floor(share * (to - from));
    if (!seen.has(place)) yield place;
    seen.add(place);
  }
}

/** One batch of the first epoch. */
export async function batchAt(
  data: Pick<TaskData, 'batches'>,
  draw: (batch: number) => DropoutDraw,
  place: number,
): Promise<TaskBatch> {
  for await (const batch of data.batches(0, draw, place)) return batch;
  throw new RangeError(`batches: expected one at place ${place}, got none — name rows to learn from`);
}

/**
 * Tokenizes the first batch, which has most tokens where rows are ordered by length, and others spread over the epoch.
 * @param most batches to look at
 * @param isOver whether to stop before that, once there are two
 */
export async function sampleBatches(
  data: Pick<TaskData, 'batches' | 'batchesPerEpoch'>,
  draw: (batch: number) => DropoutDraw,
  { most, isOver }: { readonly most: number; readonly isOver: () => boolean },
): Promise<SampledBatches> {
  const { batchesPerEpoch: all } = data;
  const first = (await batchAt(data, draw, 0)).tokens;
  let largest = { place: 0, tokens: first };
  let [batches, tokens] = [1, 0];
  for (const place of spreadPlaces(1, all)) {
    if (batches >= most || (batches > 1 && isOver())) break;
    const found = (await batchAt(data, draw, place)).tokens;
    if (found > largest.tokens) largest = { place, tokens: found };
    batches++;
    tokens += found;
  }
  const others = all === 1 ? 0 : (tokens / (batches - 1)) * (all - 1);
  return { batches, largest, tokensPerEpoch: Math.round(first + others) };
}
