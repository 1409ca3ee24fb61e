/** What is known of a query before any system ranks its passages: what slices are cut by. Absent is unknown. */
export interface Facets {
  /** UTF-16 units. */
  readonly queryLength?: number;
  /** UTF-16 units of the first relevant passage. */
  readonly passageLength?: number;
  /** The part of the first relevant passage that has most of the query's words. */
  readonly part?: string;
  /** Where the first relevant passage stands among the candidates as they are listed, from 1. */
  readonly place?: number;
  /** Rank of the best relevant passage by BM25, from 1; Infinity where words do not find it. */
  readonly wordRank?: number;
  /** The writing system of the query, such as `Han` or `Han + Latin`. */
  readonly queryScript?: string;
  readonly passageScript?: string;
}

/** A query that all systems answered. */
export interface ComparedQuery {
  readonly id: string;
  /** Absent where only ids are known. */
  readonly text?: string;
  /** The first relevant passage. */
  readonly relevant?: string;
  readonly facets: Facets;
}

/** What a system put first for a query. */
export interface FirstFound {
  /** Of the best relevant passage, from 1; between two ranks where it is tied; absent where it was not found. */
  readonly rank?: number;
  /** Text, or id, of the passage at rank 1; absent where nothing was found. */
  readonly top?: string;
  readonly topIsRelevant: boolean;
}

/** A system's results on the compared queries. */
export interface ComparedSystem {
  readonly name: string;
  /** By metric, one value per query. */
  readonly perQuery: Readonly<Record<string, readonly number[]>>;
  /** One per query. */
  readonly found: readonly FirstFound[];
}
