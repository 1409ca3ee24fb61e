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
  /** A teacher's scores of the positive and then of the negatives, where they were asked for. */
  readonly scores?: readonly number[];
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
  /** One example per row, its positive drawn as the negatives are, in place of one per positive (FlagEmbedding). @default false */
  readonly drawPositive?: boolean;
  /** Gives examples their scores; a row without `pos_scores` and `neg_scores` is refused then. @default false */
  readonly scored?: boolean;
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

/** The scores of the passages of a row, positives first; throws where it lacks them. */
function scoresOf(record: EmbeddingRecord): readonly number[] {
  const remedy = 'score the row with a teacher, or leave knowledge_distillation out';
  const expected = '{query, pos, neg} with "pos_scores" and "neg_scores"';
  if (record.shape !== 'triplet') throw unfitRow(record, expected, 'a pair without scores', remedy);
  const { pos_scores, neg, neg_scores = neg.length === 0 ? [] : undefined } = record;
  if (pos_scores !== undefined && neg_scores !== undefined) return [...pos_scores, ...neg_scores];
  const lacking = [pos_scores ?? '"pos_scores"', neg_scores ?? '"neg_scores"'];
  const names = lacking.filter((name) => typeof name === 'string').join(' and ');
  throw unfitRow(record, expected, `a triplet without ${names}`, remedy);
}

/**
 * One example per positive, rows in file order, each with `neg_nums` negatives of its row: of more they are chosen,
 * fewer are listed ceil(neg_nums / count) times and chosen from that, both without putting back. Drawn anew each epoch
 * as (seed, epoch, row, item) says. Rows without negatives give none; the summary counts them in files where others
 * have some. Scores of triplets are left aside unless they are asked for.
 */
export function contrastive(options: ContrastiveOptions): EmbeddingMaker<ContrastiveExample> {
  const { negatives: wanted, seed = 0, compat = false, drawPositive = false, scored = false } = options;
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
      if (scored) scoresOf(record);
      const lengths = pos.map((text) => shared + approximateTokens(text));
      return drawPositive ? [lengths.reduce((most, length) => Math.max(most, length))] : lengths;
    },
    make: (record, row, item, epoch) => {
      const { pos } = sided(record);
      const neg = negativesOf(record);
      const drawing = compat ? 0 : epoch;
      const positive = drawPositive ? at(seed, 'positive', drawing, row).below(pos.length) : item;
      const copies = neg.length === 0 ? 0 : Math.ceil(wanted / neg.length);
      const random = at(seed, 'negatives', drawing, row, item);
      const drawn = random
        .sample(neg.length * copies, copies === 0 ? 0 : wanted)
        .map((place) => place % neg.length);
      const scores = scored ? scoresOf(record) : undefined;
      return {
        at: record.at,
        query: promptedQuery(record),
        positive: pos[positive]!,
        negatives: drawn.map((place) => neg[place]!),
        ...(scores && { scores: [scores[positive]!, ...drawn.map((place) => scores[pos.length + place]!)] }),
      };
    },
  };
}
