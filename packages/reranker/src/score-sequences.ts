import type { Session, Tensor } from '@rag/runtime';
import { batchByTokens, type EncodedIds, packSequences, sizeLadder } from '@rag/text';
import { encoderTensors } from './encoder-tensors.js';

/** How sequences are put into batches. */
export interface BatchLimits {
  /** Most sequences in a batch. */
  readonly batchSize: number;
  /** Most cells in a batch: sequences × longest. */
  readonly maxTokens: number;
}

/** What may be asked of a long scoring. */
export interface Supervision {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One logit per sequence, in their order; sequences of like length share a batch.
 * @throws RangeError for limits below 1 and for a logit that is not finite; the signal's reason when it aborts
 */
export async function scoreSequences(
  session: Session,
  sequences: readonly EncodedIds[],
  padId: number,
  { batchSize, maxTokens }: BatchLimits,
  { onProgress, signal }: Supervision = {},
): Promise<number[]> {
  const { batches, restore } = batchByTokens(
    sequences.map(({ input_ids }) => input_ids.length),
    { maxTokens, maxRows: batchSize },
  );
  const scores: number[][] = [];
  let done = 0;
  for (const rows of batches) {
    signal?.throwIfAborted();
    const packed = packSequences(
      rows.map((row) => sequences[row]!),
      { padId, mode: 'packed', ladder: sizeLadder() },
    );
    const { logits } = await session.run(encoderTensors(packed));
    const found = Array.from((logits as Tensor).data as Float32Array);
    const wrong = found.findIndex((logit) => !Number.isFinite(logit));
    if (wrong >= 0)
      throw new RangeError(
        `logits: expected finite numbers, got ${found[wrong]} for sequence ${rows[wrong]} — check the model's weights`,
      );
    scores.push(found);
    done += rows.length;
    onProgress?.(done, sequences.length);
  }
  return restore(scores);
}
