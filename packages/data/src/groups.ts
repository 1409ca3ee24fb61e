import { approximateTokens } from './approximate-tokens.js';
import { DataError } from './data-error.js';
import { type AugmentOptions, type ExampleMaker, type GroupExample, recordContents } from './examples.js';
import { at } from './random.js';
import type { ListsRecord, RerankerRecord } from './record.js';
import { shuffleText } from './shuffle-text.js';

export interface GroupOptions extends AugmentOptions {
  /** Passages per group (`train_group_size`), at least 2. */
  readonly size: number;
  /** Whether each epoch draws anew; without it every epoch repeats epoch 0 and nothing is augmented. @default true */
  readonly training?: boolean;
}

export interface PositiveGroupOptions extends GroupOptions {
  /** Hand on pos_scores and neg_scores, which every row must then have (`knowledge_distillation`). @default false */
  readonly teacher?: boolean;
}

/** Throws a RangeError for a group size below 2. */
export function checkGroupSize(size: number): void {
  if (Number.isInteger(size) && size >= 2) return;
  throw new RangeError(`train_group_size: expected an integer from 2, got ${size}`);
}

/** Expected tokens of a group of `size` passages of the record, each read with the query. */
export function expectedGroupLength(record: RerankerRecord, size: number): number {
  const contents = recordContents(record);
  const total = contents.reduce((sum, content) => sum + approximateTokens(content), 0);
  return Math.ceil(size * (approximateTokens(record.query) + total / contents.length));
}

function unfit(record: RerankerRecord, expected: string, got: string, remedy: string): DataError {
  return new DataError('unfit-shape', { at: record.at, expected, got, remedy });
}

/**
 * FlagEmbedding's groups: per row one positive, drawn among all, followed by size − 1 negatives, both drawn anew each
 * epoch as (seed, epoch, row) says. A row with fewer negatives repeats each at most ceil((size − 1) / count) times.
 * Only the positive is augmented. Labels are [1, 0, …]. Takes `{query, pos, neg}` rows with at least one negative.
 */
export function positiveGroups(options: PositiveGroupOptions): ExampleMaker<GroupExample> {
  const { size, seed = 0, shuffleRate = 0, training = true, teacher = false } = options;
  checkGroupSize(size);
  const lists = (record: RerankerRecord): ListsRecord => {
    if (record.shape !== 'lists') {
      throw unfit(record, '"pos" and "neg"', `a "${record.shape}" row`, 'group such rows with hitGroups');
    }
    if (record.neg.length === 0) {
      throw unfit(record, '"neg" to hold a passage', 'none', 'mine negatives, or train on single pairs');
    }
    if (teacher && !(record.pos_scores && record.neg_scores)) {
      const got = record.pos_scores || record.neg_scores ? 'one of them' : 'neither';
      throw unfit(record, '"pos_scores" and "neg_scores"', got, 'score the row with a teacher');
    }
    return record;
  };
  return {
    lengths: (record) => [expectedGroupLength(lists(record), size)],
    make: (record, row, _item, epoch) => {
      const { query, pos, neg, pos_scores, neg_scores, at: position } = lists(record);
      const random = at(seed, 'positive-group', training ? epoch : 0, row);
      const positive = random.below(pos.length);
      const repeats = Math.ceil((size - 1) / neg.length);
      const drawn = random.sample(neg.length * repeats, size - 1).map((i) => i % neg.length);
      const rate = training ? shuffleRate : 0;
      const text = shuffleText(pos[positive]!, rate, seed, epoch, row, positive);
      return {
        at: position,
        query,
        contents: [text, ...drawn.map((i) => neg[i]!)],
        labels: [1, ...drawn.map(() => 0)],
        ...(teacher && { teacherScores: [pos_scores![positive]!, ...drawn.map((i) => neg_scores![i]!)] }),
      };
    },
  };
}
