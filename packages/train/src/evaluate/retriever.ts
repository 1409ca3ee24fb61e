import type { Hits } from '@rag/eval';

/** What is searched for, in what. */
export interface SearchRequest {
  readonly queries: readonly string[];
  /** Texts of documents, block after block; read once. */
  readonly documents: AsyncIterable<readonly string[]>;
  /** Documents to keep per query. */
  readonly k: number;
  /** Whether a query must not find a document, by their places. */
  readonly leaveOut?: (query: number, document: number) => boolean;
}

/** What was found, one entry per query. */
export interface Found {
  readonly hits: readonly Hits[];
  /** The same with vectors cut to each of the widths that were asked for. */
  readonly byWidth: readonly { readonly dim: number; readonly hits: readonly Hits[] }[];
}

/** A model that searches. */
export interface Retriever {
  /** Documents that it takes at a time. */
  readonly blockDocuments: number;
  search(request: SearchRequest): Promise<Found>;
  /** The similarity of each pair. */
  similarities(pairs: readonly { readonly first: string; readonly second: string }[]): Promise<number[]>;
}
