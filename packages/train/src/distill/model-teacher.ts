import type { PairModel, Teacher } from './teacher.js';

/** How a reranker is asked. */
export interface ModelTeacherOptions {
  /** What its scores depend on: the hash of its weights, its length limit, whether scores are logits. */
  readonly identity: Teacher['identity'];
  /** Pairs per call, which the model makes its batches of. @default 256 */
  readonly pairsPerCall?: number;
}

/** A reranker as a teacher: one call at a time, its scores as they are. */
export function modelTeacher(
  model: PairModel,
  { identity, pairsPerCall = 256 }: ModelTeacherOptions,
): Teacher {
  return {
    identity,
    batchSize: pairsPerCall,
    concurrency: 1,
    readsAnswers: false,
    async judge(pairs, signal) {
      const scores = await model.computeScore(
        pairs.map(({ query, content }) => [query, content]),
        { signal },
      );
      if (scores.length !== pairs.length)
        throw new RangeError(`teacher: expected ${pairs.length} scores, got ${scores.length}`);
      return scores.map((score) =>
        Number.isFinite(score)
          ? { score }
          : { fault: `expected a finite score, got ${score}`, isFinal: true },
      );
    },
  };
}
