import type { Retriever } from '../evaluate/retriever.js';
import type { PairScorer } from './pair-scorer.js';

/** An embedding or ColBERT model as a scorer: the similarity of a query, with its row's prompt, and a passage. */
export const retrieverScorer = ({ similarities }: Pick<Retriever, 'similarities'>): PairScorer => ({
  score: (pairs, { signal } = {}) => {
    signal?.throwIfAborted();
    return similarities(pairs.map(({ prompted, passage }) => ({ first: prompted, second: passage })));
  },
});
