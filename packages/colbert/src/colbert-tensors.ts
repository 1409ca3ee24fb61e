import { type Tensor, tensorsOf } from '@rag/runtime';
import { type PackedBatch, packedTensors } from '@rag/text';
import type { TokenSequence } from './text-encoder.js';

/**
 * The inputs of a ColBERT graph for sequences that were packed in this order: the packed batch, whose attention leaves out an
 * expansion that is not attended to, and `token_mask` [tokens].
 */
export function colbertTensors(
  sequences: readonly TokenSequence[],
  packed: PackedBatch,
): Record<string, Tensor> {
  const attention_mask = packed.attention_mask.slice();
  const token_mask = new Float32Array(packed.tokens);
  sequences.forEach(({ attention, scored }, row) => {
    for (let column = 0; column < scored.length; column++) {
      const cell = row * packed.seq + column;
      attention_mask[cell] = attention[column]!;
      token_mask[Number(packed.block_index[cell])] = scored[column]!;
    }
  });
  return tensorsOf({
    ...packedTensors({ ...packed, attention_mask }),
    token_mask: { dtype: 'float32', shape: [packed.tokens], data: token_mask },
  });
}
