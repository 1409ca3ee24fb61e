import type { DropoutDraw } from '@rag/reranker/training';
import type { Objective, TrainingBatch, TrainingSession } from '@rag/runtime';
import type { Row } from './protocol.js';

/** How a model of one of the three tasks learns from labelled pairs. */
export interface TrainingTask {
  readonly objective: Objective;
  /** What an epoch goes through: pairs, or positives with their negatives. */
  readonly examples: number;
  /** The batch of these examples; what is drawn for it depends on the seed and the update alone. */
  collate(indices: readonly number[], draw: DropoutDraw): TrainingBatch;
  /** Scores of a row's passages by the model as it is, as it is served. */
  scores(session: TrainingSession, row: Row): Promise<ArrayLike<number>>;
}

/** Most tokens of a text while it trains: what a page has time and memory for. */
export const MAX_LENGTH = 256;
