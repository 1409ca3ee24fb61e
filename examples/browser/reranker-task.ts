import { binaryCrossEntropy } from '@rag/losses';
import { longestSequence } from '@rag/models';
import type { CrossEncoderParts } from '@rag/reranker';
import { collatePointwise, pairEncoder, rerankerObjective } from '@rag/reranker/training';
import type { Tokenizer } from '@rag/text';
import type { LabelledPair } from './protocol.js';
import { MAX_LENGTH, type TrainingTask } from './training-task.js';

/** A reranker learns each pair by itself: binary cross-entropy of its logit. @throws RangeError for pairs of one label */
export function rerankerTask(
  { config }: CrossEncoderParts,
  tokenizer: Tokenizer,
  pairs: readonly LabelledPair[],
): TrainingTask {
  if (new Set(pairs.map(({ label }) => label)).size < 2)
    throw new RangeError(
      'labels: expected relevant and not relevant passages, got one kind alone — label a few of the other',
    );
  const encoder = pairEncoder(tokenizer, config, Math.min(MAX_LENGTH, longestSequence(config)));
  const example = (pair: { query: string; content: string; label: number }, i: number) => ({
    ...pair,
    at: { file: 'labels', line: i + 1 },
  });
  return {
    objective: rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } }),
    examples: pairs.length,
    collate(indices, dropout) {
      const examples = indices.map((i) => example(pairs[i]!, i));
      return collatePointwise({ examples, indices }, { encoder, dropout }).batch;
    },
    async scores(session, { query, passages, labels }) {
      const examples = passages.map((content, i) => example({ query, content, label: labels[i]! }, i));
      const { batch } = collatePointwise({ examples, indices: [...examples.keys()] }, { encoder });
      return (await session.evaluate(batch)).outputs.logits!.data as Float32Array;
    },
  };
}
