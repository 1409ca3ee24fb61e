import { approximateTokens } from './approximate-tokens.js';
import { type EmbeddingRecord, embeddingReader, promptedQuery, unfitRow } from './embedding-record.js';
import type { EmbeddingMaker } from './examples.js';
import { at } from './random.js';
import type { RowPosition } from './record.js';

/** A query, a passage that answers it and passages that do not. */
export interface ContrastiveExample {
  readonly at: RowPosition;
  /** With its prompt in front. */
  readonly query: string;
  readonly positive: string;
  /** `neg_nums` of them, none where the row has none. */
  readonly negatives: readonly string[];
}

export interface ContrastiveOptions {
  /** Negatives per example (`neg_nums`), 0 for none. */
  readonly negatives: number;
  /** @default 0 */
  readonly seed?: number;
  /**
   * Draw the negatives once for all epochs, as the originals do at load. Their global Python random state is not
   * reproduced, so the draws differ from theirs. @default false
   */
  readonly compat?: boolean;
}

/** The row, a pair or a triplet; throws for another. */
function sided(record: EmbeddingRecord) {
  const expected = '{query, pos} or {query, pos, neg}';
  if (record.shape === 'scored') {
    throw unfitRow(record, expected, 'a row with scores', 'train on scores (KL), or drop them');
  }
  if (record.shape === 'text') {
    throw unfitRow(record, expected, 'a text alone', 'give "pos", or distil from such rows');
  }
  return record;
}

/**
 * One example per positive, rows in file order, each with `neg_nums` negatives of its row: of more they are chosen,
 * fewer are listed ceil(neg_nums / count) times and chosen from that, both without putting back. Drawn anew each epoch
 * as (seed, epoch, row, item) says. Rows without negatives give none; the summary counts them in files where others
 * have some. Scores of triplets are left aside.
 */
export function contrastive(options: ContrastiveOptions): EmbeddingMaker<ContrastiveExample> {
  const { negatives: wanted, seed = 0, compat = false } = options;
  if (!(Number.isSafeInteger(wanted) && wanted >= 0)) {
    throw new RangeError(`neg_nums: expected an integer from 0, got ${wanted}`);
  }
  const negativesOf = (record: EmbeddingRecord): readonly string[] =>
    record.shape === 'triplet' ? record.neg : [];
  return {
    reader: embeddingReader,
    lengths: (record) => {
      const { pos } = sided(record);
      const neg = negativesOf(record);
      const mean = neg.reduce((sum, text) => sum + approximateTokens(text), 0) / Math.max(1, neg.length);
      const shared = approximateTokens(promptedQuery(record)) + Math.ceil(wanted * mean);
      return pos.map((text) => shared + approximateTokens(text));
    },
    make: (record, row, item, epoch) => {
      const { pos } = sided(record);
      const neg = negativesOf(record);
      const copies = neg.length === 0 ? 0 : Math.ceil(wanted / neg.length);
      const random = at(seed, 'negatives', compat ? 0 : epoch, row, item);
      const drawn = random.sample(neg.length * copies, copies === 0 ? 0 : wanted);
      return {
        at: record.at,
        query: promptedQuery(record),
        positive: pos[item]!,
        negatives: drawn.map((place) => neg[place % neg.length]!),
      };
    },
  };
}
