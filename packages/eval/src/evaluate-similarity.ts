import { pearson, spearman } from './correlation.js';
import { inverseNorms, rowNorms, rowsOf } from './matrix.js';

/** Texts compared pair by pair: two matrices of equal shape and the gold similarity of each pair. */
export interface SimilarityVectors {
  /** Row-major [pairs, dim]. */
  first: Float32Array;
  second: Float32Array;
  dim: number;
  /** Gold similarity per pair, on any scale, such as 0 to 5. */
  labels: ArrayLike<number>;
  /** Default `cosine`. */
  similarity?: 'cosine' | 'dot';
}

/** Scores that a model gave to pairs, and their gold similarities. */
export interface SimilarityScores {
  scores: ArrayLike<number>;
  labels: ArrayLike<number>;
}

/** How well scores follow gold similarities. */
export interface SimilarityEvaluation {
  /** Spearman's rank correlation, what STS results are quoted in (Reimers, Beyer & Gurevych, COLING 2016). */
  spearman: number;
  pearson: number;
  /** Pairs that were compared. */
  pairs: number;
}

/**
 * Semantic textual similarity: correlation of scores, or of the similarities of vectors, with gold labels.
 * @throws on unequal counts, vectors or numbers that are not finite, zero vectors under `cosine`, fewer than two pairs,
 *   and constant scores or labels
 */
export function evaluateSimilarity(rows: SimilarityVectors | SimilarityScores): SimilarityEvaluation {
  const scores = 'scores' in rows ? rows.scores : pairSimilarities(rows);
  const { labels } = rows;
  if (scores.length !== labels.length) {
    throw new Error(
      `evaluateSimilarity: expected ${scores.length} labels (one per pair), got ${labels.length} — pass them in the order of the pairs`,
    );
  }
  return {
    spearman: spearman(scores, labels),
    pearson: pearson(scores, labels),
    pairs: labels.length,
  };
}

/** Similarity of row i of `first` with row i of `second`, in float64: shape [pairs]. */
export function pairSimilarities({
  first,
  second,
  dim,
  similarity = 'cosine',
}: Omit<SimilarityVectors, 'labels'>): Float64Array {
  const pairs = rowsOf('first', first, dim);
  if (rowsOf('second', second, dim) !== pairs) {
    throw new Error(
      `pairSimilarities: expected two matrices of ${pairs} rows, got ${second.length / dim} in the second — pass one row per pair in both`,
    );
  }
  const scale = similarity === 'cosine' ? inverseNorms : rowNorms;
  const [a, b] = [scale('first', first, dim), scale('second', second, dim)];
  if (similarity === 'dot') for (const ones of [a, b]) ones.fill(1);
  return Float64Array.from({ length: pairs }, (_, pair) => {
    let sum = 0;
    for (let i = pair * dim; i < (pair + 1) * dim; i++) sum += first[i]! * second[i]!;
    return sum * a[pair]! * b[pair]!;
  });
}
