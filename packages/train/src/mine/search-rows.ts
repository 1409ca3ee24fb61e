import type { TokenVectors } from '@rag/colbert';
import type { ByteSource } from '@rag/data';
import { nineDigits } from '../score/pair-scorer.js';
import type { MiningRetriever } from './mining-retriever.js';
import type { MiningRow } from './mining-row.js';
import type { PassagePool } from './passage-pool.js';
import { readVectorRecords } from './vector-records.js';

/** What was found for a row. */
export interface RowHits {
  /** Passages of the ranks that were asked for, best first, none of them excluded. */
  readonly passages: readonly number[];
  readonly scores: readonly number[];
  /** The score of each positive of the row. */
  readonly positives: readonly number[];
  /** Passages that were excluded at a rank that a negative could have had. */
  readonly excluded: {
    /** Positives of the row. */
    readonly own: number;
    /** Positives of other rows with the same query. */
    readonly others: number;
    /** The query itself. */
    readonly query: number;
  };
}

/** Ranks from 0, the first taken and the last not, as in a slice. */
export interface RankRange {
  readonly from: number;
  readonly to: number;
}

export interface RowSearch {
  readonly pool: PassagePool;
  readonly retriever: MiningRetriever;
  /** Records of the vectors of all passages of the pool. */
  readonly vectors: ByteSource;
  readonly range: RankRange;
  readonly signal?: AbortSignal;
}

/**
 * Finds the passages of a range of ranks for each of some rows, exactly, reading all vectors once. Ranks are counted without passages
 * that are excluded. Memory: vectors of the queries, `range.to` hits a row, and a block of passages.
 */
export async function searchRows(
  rows: readonly MiningRow[],
  { pool, retriever, vectors, range, signal }: RowSearch,
): Promise<RowHits[]> {
  const control = signal ? { signal } : {};
  const queries = await retriever.encodeQueries(
    rows.map(({ prompted }) => prompted),
    control,
  );
  const excluded = rows.map((row) => pool.excludedOf(row));
  /** Scores of excluded passages, by row: gathered as their vectors pass by. */
  const known = rows.map(() => new Map<number, number>());
  const rowsOf = new Map<number, number[]>();
  for (const [row, passages] of excluded.entries())
    for (const passage of passages) {
      const list = rowsOf.get(passage);
      if (list) list.push(row);
      else rowsOf.set(passage, [row]);
    }
  const pass = async (passage: number, vector: TokenVectors): Promise<void> => {
    for (const row of rowsOf.get(passage) ?? [])
      known[row]!.set(passage, (await retriever.similarities(queries[row]!, [vector]))[0]!);
  };

  async function* blocks(): AsyncGenerator<readonly TokenVectors[]> {
    let block: TokenVectors[] = [];
    let passage = 0;
    for await (const vector of readVectorRecords(vectors, retriever.dim, pool.passages)) {
      if (rowsOf.has(passage)) await pass(passage, vector);
      // Behind the candidates there are positives alone.
      if (passage++ < pool.candidates) block.push(vector);
      if (block.length < retriever.blockPassages) continue;
      signal?.throwIfAborted();
      yield block;
      block = [];
    }
    if (block.length > 0) yield block;
  }

  const hits = await retriever.search({
    queries,
    blocks: blocks(),
    k: Math.min(range.to, pool.candidates),
    leaveOut: (row, passage) => excluded[row]!.has(passage),
  });
  return rows.map((row, i) => {
    const { documents, scores } = hits[i]!;
    const own = pool.positivesOf(row);
    // A passage at this score or above it would have stood among them.
    const least = documents.length < range.to ? Number.NEGATIVE_INFINITY : scores.at(-1)!;
    const counts = { own: 0, others: 0, query: 0 };
    const positives = new Set(own);
    const itself = pool.numberOf(row.query);
    for (const passage of excluded[i]!)
      if (passage < pool.candidates && known[i]!.get(passage)! >= least)
        counts[positives.has(passage) ? 'own' : passage === itself ? 'query' : 'others']++;
    return {
      passages: Array.from(documents.subarray(range.from)),
      scores: Array.from(scores.subarray(range.from), nineDigits),
      positives: own.map((passage) => nineDigits(known[i]!.get(passage)!)),
      excluded: counts,
    };
  });
}
