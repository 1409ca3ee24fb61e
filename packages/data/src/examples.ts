import { approximateTokens } from './approximate-tokens.js';
import type { RowFault } from './data-error.js';
import type { EmbeddingRecord } from './embedding-record.js';
import type { Hit, RerankerRecord, RowPosition } from './record.js';
import type { RecordReader } from './record-reader.js';
import { shuffleText } from './shuffle-text.js';

/** A query and a passage with the label that its score should approach. */
export interface PointwiseExample {
  readonly at: RowPosition;
  readonly query: string;
  readonly content: string;
  readonly label: number;
}

/** A query with a fixed number of passages that are compared with each other. */
export interface GroupExample {
  readonly at: RowPosition;
  readonly query: string;
  readonly contents: readonly string[];
  /** One per passage. */
  readonly labels: readonly number[];
  /** A teacher's raw scores, one per passage, where the rows carry them and they were asked for. */
  readonly teacherScores?: readonly number[];
}

/** How records become examples: each record yields a fixed number of items, and an epoch may draw each item anew. */
export interface ExampleMaker<E, R = RerankerRecord> {
  /** Faults of `lengths` that leave a row out, counted in the summary, where other faults stop the load. */
  readonly leavesOut?: readonly RowFault[];
  /**
   * Length of each item of a record in tokens as {@link approximateTokens} counts them, the mean where epochs draw
   * different passages; so many items it has in every epoch. Throws DataError when the record cannot serve.
   */
  lengths(record: R, row: number): readonly number[];
  /** Item `item` of a record in an epoch: a pure function of its arguments and the maker's seed. */
  make(record: R, row: number, item: number, epoch: number): E;
}

/** A maker that brings the reader of its rows; one without it takes reranker rows. */
export interface ReadingMaker<E, R> extends ExampleMaker<E, R> {
  readonly reader: RecordReader<R>;
  /** Rows are counted beyond these files, so that no bad one may be left out. @default false */
  readonly everyRow?: boolean;
}

/** A maker of examples from the rows of embedding and ColBERT files. */
export type EmbeddingMaker<E> = ReadingMaker<E, EmbeddingRecord>;

/** Shuffle augmentation and its seed. */
export interface AugmentOptions {
  readonly seed?: number;
  /** Probability of {@link shuffleText} per passage and epoch. @default 0 */
  readonly shuffleRate?: number;
}

/** Every passage of a record: positives then negatives, hits in their order, or the one content. */
export function recordContents(record: RerankerRecord): readonly string[] {
  if (record.shape === 'hits') return record.hits.map((hit) => hit.content);
  return record.shape === 'lists' ? [...record.pos, ...record.neg] : [record.content];
}

/** The passage at a place of {@link recordContents}, with its label. */
function passageAt(record: RerankerRecord, item: number): Hit {
  if (record.shape === 'hits') return record.hits[item]!;
  if (record.shape !== 'lists') return record;
  const place = item - record.pos.length;
  if (place < 0) return { content: record.pos[item]!, label: record.pos_scores?.[item] ?? 1 };
  return { content: record.neg[place]!, label: record.neg_scores?.[place] ?? 0 };
}

/**
 * One example per passage, in the originals' order: rows in file order, of each its positives and then its negatives.
 * Labels are 1 and 0, or the scores where a row gives them. The passage is augmented as (seed, epoch, row, item) says.
 */
export function pointwise({
  seed = 0,
  shuffleRate = 0,
}: AugmentOptions = {}): ExampleMaker<PointwiseExample> {
  return {
    lengths: (record) => {
      const query = approximateTokens(record.query);
      return recordContents(record).map((content) => query + approximateTokens(content));
    },
    make: (record, row, item, epoch) => {
      const { content, label } = passageAt(record, item);
      return {
        at: record.at,
        query: record.query,
        content: shuffleText(content, shuffleRate, seed, epoch, row, item),
        label,
      };
    },
  };
}
