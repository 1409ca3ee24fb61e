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

/** One logit per sequence, in their order; `onProgress` hears how many are done. */
export async function scoreSequences(
  session: Session,
  sequences: readonly EncodedIds[],
  padId: number,
  { batchSize, maxTokens }: BatchLimits,
  onProgress?: (done: number, total: number) => void,
): Promise<number[]> {
  if (sequences.length === 0) return [];
  const { batches, restore } = batchByTokens(
    sequences.map(({ input_ids }) => input_ids.length),
    { maxTokens, maxRows: batchSize },
  );
  const scores: number[][] = [];
  let done = 0;
  for (const rows of batches) {
    const packed = packSequences(
      rows.map((row) => sequences[row]!),
      { padId, mode: 'packed', ladder: sizeLadder() },
    );
    const { logits } = await session.run(encoderTensors(packed));
    scores.push(Array.from((logits as Tensor).data as Float32Array));
    done += rows.length;
    onProgress?.(done, sequences.length);
  }
  return restore(scores);
}
