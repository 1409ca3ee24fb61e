import { batchByTokens } from './batches.js';
import { type Ladder, sizeLadder } from './ladder.js';
import { type PackedBatch, packSequences } from './pack.js';
import type { EncodedIds } from './template.js';

export interface PackedBatchesOptions {
  /** Id of filler tokens. */
  readonly padId: number;
  /** Most sequences in a batch. */
  readonly maxRows: number;
  /** Most cells in a batch: sequences × longest. */
  readonly maxTokens: number;
  /** `packed` (default) or `padded`. */
  readonly mode?: 'packed' | 'padded';
  readonly ladder?: Ladder;
}

/** Some of the sequences, packed. */
export interface PackedRows {
  /** Their places in the list that was given, in the order of the batch. */
  readonly rows: readonly number[];
  readonly packed: PackedBatch;
}

/**
 * All sequences in batches of like length, longest batches first, each packed when its turn comes. Every sequence is in
 * exactly one batch.
 * @throws RangeError for limits below 1 and for what `packSequences` refuses
 */
export function* packedBatches(
  sequences: readonly EncodedIds[],
  { padId, maxRows, maxTokens, mode = 'packed', ladder = sizeLadder() }: PackedBatchesOptions,
): Generator<PackedRows> {
  const lengths = sequences.map(({ input_ids }) => input_ids.length);
  for (const rows of batchByTokens(lengths, { maxTokens, maxRows }).batches)
    yield {
      rows,
      packed: packSequences(
        rows.map((row) => sequences[row]!),
        { padId, mode, ladder },
      ),
    };
}
