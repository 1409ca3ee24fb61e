import type { RerankerConfig } from './reranker-options.js';

/** How long pairs may be. */
export interface PairLengths {
  /** Tokens of a pair, special ones included. */
  readonly pair: number;
  /** Tokens of each text before the pair is cut, in training; absent where the pair alone is. */
  readonly cuts?: { readonly query: number; readonly passage: number };
}

/** FlagEmbedding's lengths where only one of them is given. */
const DEFAULTS = { query: 32, passage: 128 };

/**
 * The lengths of the settings: `max_len`, or FlagEmbedding's two, whose sum is the pair's and which lend each other a part
 * (FlagEmbedding/abc/finetune/reranker/AbsDataset.py, create_one_example).
 */
export function pairLengths({
  maxLen,
  queryMaxLen,
  passageMaxLen,
}: Pick<RerankerConfig, 'maxLen' | 'queryMaxLen' | 'passageMaxLen'>): PairLengths {
  if (queryMaxLen === undefined && passageMaxLen === undefined) return { pair: maxLen };
  const { query, passage } = {
    query: queryMaxLen ?? DEFAULTS.query,
    passage: passageMaxLen ?? DEFAULTS.passage,
  };
  return {
    pair: query + passage,
    cuts: { query: query + Math.floor(passage / 4), passage: passage + Math.floor(query / 2) },
  };
}
