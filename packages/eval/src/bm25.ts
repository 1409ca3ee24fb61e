import { tokenize } from './tokenize.js';

/** Settings of BM25. */
export interface Bm25Options {
  /** Saturation of term frequency, ≥ 0; default 1.2. */
  k1?: number;
  /** Strength of length normalization, in [0, 1]; default 0.75. */
  b?: number;
  /** Terms of a text; default `tokenize`. */
  terms?: (text: string) => string[];
}

/** Word statistics of a corpus, ready to score. */
export interface Bm25 {
  /** Score of any passage for a query by the corpus's statistics; ≥ 0, and 0 when they share no known term. */
  score(query: string, passage: string): number;
  /** Score of every passage of the corpus, in its order: shape [passages]. */
  scores(query: string): Float64Array;
}

/**
 * BM25 over a corpus: Σ over the query's terms of idf · tf / (tf + k1 · (1 − b + b · length / mean length)), with
 * Lucene's idf = ln(1 + (N − df + 0.5) / (df + 0.5)), which is never negative. A term that the query repeats counts
 * each time. As Lucene since version 8, the constant factor k1 + 1 is left out; unlike Lucene, lengths are exact.
 *
 * Reference: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
 *
 * @throws on an empty corpus, a corpus without any term, and k1 or b out of range
 */
export function bm25(corpus: readonly string[], options: Bm25Options = {}): Bm25 {
  const { k1 = 1.2, b = 0.75, terms = tokenize } = options;
  if (!(k1 >= 0 && k1 < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`bm25: k1 expected a number ≥ 0, got ${k1} — leave it at 1.2`);
  }
  if (!(b >= 0 && b <= 1))
    throw new RangeError(`bm25: b expected a number from 0 to 1, got ${b} — leave it at 0.75`);
  const passages = corpus.map((text) => countTerms(terms(text)));
  const meanLength = passages.reduce((sum, { length }) => sum + length, 0) / passages.length;
  if (!(meanLength > 0)) {
    throw new Error(
      `bm25: expected a corpus with terms, got ${corpus.length} passages without any — check the texts`,
    );
  }
  const postings = new Map<string, number[]>();
  for (const [i, { counts }] of passages.entries()) {
    for (const term of counts.keys()) {
      const list = postings.get(term);
      if (list === undefined) postings.set(term, [i]);
      else list.push(i);
    }
  }
  const idf = (documents: number) => Math.log(1 + (corpus.length - documents + 0.5) / (documents + 0.5));
  const weigh = (term: string, { counts, length }: TermCounts, documents: number) => {
    const tf = counts.get(term) ?? 0;
    return tf === 0 ? 0 : (idf(documents) * tf) / (tf + k1 * (1 - b + (b * length) / meanLength));
  };
  return {
    score(query, passage) {
      const counted = countTerms(terms(passage));
      let sum = 0;
      for (const term of terms(query)) {
        const documents = postings.get(term)?.length ?? 0;
        if (documents > 0) sum += weigh(term, counted, documents);
      }
      return sum;
    },
    scores(query) {
      const sums = new Float64Array(corpus.length);
      for (const term of terms(query)) {
        const list = postings.get(term) ?? [];
        for (const i of list) sums[i]! += weigh(term, passages[i]!, list.length);
      }
      return sums;
    },
  };
}

interface TermCounts {
  counts: Map<string, number>;
  length: number;
}

function countTerms(terms: readonly string[]): TermCounts {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return { counts, length: terms.length };
}
