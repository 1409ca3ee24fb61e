import { type Tensor, tensorsOf } from '@rag/runtime';
import { type EncodedIds, packedBatches, packedTensors } from '@rag/text';
import type { BatchRunner } from './open-reranker.js';

/** How sequences are put into batches. */
export interface BatchLimits {
  /** Most sequences in a batch. */
  readonly batchSize: number;
  /** Most cells in a batch: sequences × longest; by default 1024 on a CPU (`cpu`, `wasm`), 16384 elsewhere. */
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
  runner: Pick<BatchRunner, 'run'>,
  sequences: readonly EncodedIds[],
  padId: number,
  { batchSize, maxTokens }: BatchLimits,
  { onProgress, signal }: Supervision = {},
): Promise<number[]> {
  const scores = new Array<number>(sequences.length);
  let done = 0;
  for (const { rows, packed } of packedBatches(sequences, { padId, maxTokens, maxRows: batchSize })) {
    signal?.throwIfAborted();
    const { logits } = await runner.run(tensorsOf(packedTensors(packed)));
    const found = Array.from((logits as Tensor).data as Float32Array);
    const wrong = found.findIndex((logit) => !Number.isFinite(logit));
    if (wrong >= 0)
      throw new RangeError(
        `logits: expected finite numbers, got ${found[wrong]} for sequence ${rows[wrong]} — check the model's weights`,
      );
    for (const [i, row] of rows.entries()) scores[row] = found[i]!;
    done += rows.length;
    onProgress?.(done, sequences.length);
  }
  return scores;
}
