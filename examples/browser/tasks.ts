import type { ColbertParts } from '@rag/colbert';
import type { EmbeddingParts } from '@rag/embedding';
import type { CrossEncoderParts } from '@rag/reranker';
import type { Tokenizer } from '@rag/text';
import { colbertTask } from './colbert-task.js';
import { embeddingTask } from './embedding-task.js';
import type { LabelledPair } from './protocol.js';
import { rerankerTask } from './reranker-task.js';
import type { TrainingTask } from './training-task.js';

/** A model in memory, whole: what training starts from, what it ends in, and what the browser keeps. */
export type TaskParts =
  | ({ readonly task: 'reranker' } & CrossEncoderParts)
  | ({ readonly task: 'embedding' } & EmbeddingParts)
  | ({ readonly task: 'colbert' } & ColbertParts);

/** @throws RangeError for pairs that teach such a model nothing, and for a model that cannot be trained */
export function trainingTask(
  parts: TaskParts,
  tokenizer: Tokenizer,
  pairs: readonly LabelledPair[],
): TrainingTask {
  switch (parts.task) {
    case 'reranker':
      return rerankerTask(parts, tokenizer, pairs);
    case 'embedding':
      return embeddingTask(parts, tokenizer, pairs);
    case 'colbert':
      return colbertTask(parts, tokenizer, pairs);
  }
}
