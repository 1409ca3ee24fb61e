import { packedBatches } from '@rag/text';
import { colbertTensors } from './colbert-tensors.js';
import type { BatchRunner } from './open-colbert.js';
import type { TokenSequence } from './text-encoder.js';
import type { TokenVectors } from './token-vectors.js';

/** How sequences are put into batches, and what may be asked of a long run. */
export interface EncodeSequencesOptions {
  /** Id of filler tokens. */
  readonly padId: number;
  /** Most sequences in a batch. */
  readonly batchSize: number;
  /** Most cells in a batch: sequences × longest. */
  readonly maxTokens: number;
  /** Which rows of a sequence are kept; by default those that are scored. */
  readonly keep?: (sequence: TokenSequence, column: number) => boolean;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const isScored = ({ scored }: TokenSequence, column: number): boolean => scored[column] === 1;

/**
 * The vectors of sequences, in their order; sequences of like length share a batch, and each result is an array of its own.
 * @throws RangeError for limits below 1 and for a vector that is not finite; the signal's reason when it aborts
 */
export async function encodeSequences(
  runner: Pick<BatchRunner, 'run'>,
  sequences: readonly TokenSequence[],
  { padId, batchSize, maxTokens, keep = isScored, onProgress, signal }: EncodeSequencesOptions,
): Promise<TokenVectors[]> {
  const found = new Array<TokenVectors>(sequences.length);
  let done = 0;
  for (const { rows, packed } of packedBatches(sequences, { padId, maxTokens, maxRows: batchSize })) {
    signal?.throwIfAborted();
    const batch = rows.map((row) => sequences[row]!);
    const { vectors } = await runner.run(colbertTensors(batch, packed));
    const dim = vectors!.shape[1]!;
    const data = vectors!.data as Float32Array;
    for (const [i, row] of rows.entries()) {
      const sequence = batch[i]!;
      const places = sequence.input_ids.flatMap((_, column) =>
        keep(sequence, column) ? [Number(packed.block_index[i * packed.seq + column])] : [],
      );
      const own = new Float32Array(places.length * dim);
      for (const [at, place] of places.entries())
        own.set(data.subarray(place * dim, (place + 1) * dim), at * dim);
      const wrong = own.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0)
        throw new RangeError(
          `vectors: expected finite numbers, got ${own[wrong]} for text ${row} — check the model's weights`,
        );
      found[row] = { data: own, tokens: places.length, dim };
    }
    done += rows.length;
    onProgress?.(done, sequences.length);
  }
  return found;
}
