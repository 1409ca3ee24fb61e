import type { ColbertParts } from '@rag/colbert';
import { colbertObjective, collateContrastive, textEncoder } from '@rag/colbert/training';
import type { Tokenizer } from '@rag/text';
import { contrastivePairs, rowAsExample } from './contrastive-pairs.js';
import type { LabelledPair } from './protocol.js';
import { MAX_LENGTH, type TrainingTask } from './training-task.js';

/**
 * A ColBERT model learns as an embedding model does, by late interaction (https://arxiv.org/abs/2004.12832) in place of the cosine.
 * @throws RangeError as `contrastivePairs`
 */
export function colbertTask(
  { config, settings }: ColbertParts,
  tokenizer: Tokenizer,
  pairs: readonly LabelledPair[],
): TrainingTask {
  const contrastive = contrastivePairs(pairs);
  const encoder = textEncoder(tokenizer, config, settings, {
    passageLength: Math.min(MAX_LENGTH, settings.document_length),
  });
  const options = { encoder, othersPositives: true };
  // A sum over the query's tokens is that much larger than their mean, which the originals' temperature is made for.
  const temperature = settings.divideByQueryLength ? 0.02 : 1;
  return {
    objective: colbertObjective({ config, settings, loss: { kind: 'in-batch', temperature } }),
    examples: contrastive.length,
    collate(indices, dropout) {
      const examples = indices.map((i) => contrastive.example(i, dropout));
      return collateContrastive({ examples, indices }, { ...options, dropout }).batch;
    },
    async scores(session, row) {
      const { batch } = collateContrastive({ examples: [rowAsExample(row)], indices: [0] }, options);
      return (await session.evaluate(batch)).outputs.scores!.data as Float32Array;
    },
  };
}
