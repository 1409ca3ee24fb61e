import { DataError, type RowFault } from './data-error.js';
import { type ExampleMaker, type GroupExample, recordContents } from './examples.js';
import { checkGroupSize, expectedGroupLength, type GroupOptions } from './groups.js';
import { recordLabels } from './labels.js';
import { at, type Random } from './random.js';
import type { RerankerRecord } from './record.js';
import { shuffleText } from './shuffle-text.js';

export interface HitGroupOptions extends GroupOptions {
  /**
   * Group as the original does at load: hits are shuffled once for all epochs and cut in groups, a short last group is
   * filled with earlier hits, groups of one label value are dropped, and so are rows with fewer hits than a group.
   * Its global Python random state is not reproduced, so the groups differ from its own. @default false
   */
  readonly compat?: boolean;
}

/** The hits at `order`, cut in groups of `size`, the last filled up with the first ones of `order`, round and round. */
function deal(order: readonly number[], size: number): number[][] {
  const groups = Math.ceil(order.length / size);
  return Array.from({ length: groups }, (_, g) =>
    Array.from({ length: size }, (_, i) => order[(g * size + i) % order.length]!),
  );
}

/**
 * The group with a hit of the row's top label and one below it, where the row has both: a group that lacks either
 * gives up its last hit for it.
 */
function keepContrast(group: readonly number[], labels: readonly number[], random: Random): number[] {
  const top = labels.reduce((a, b) => Math.max(a, b));
  const kept = [...group];
  for (const isTop of [true, false]) {
    if (kept.some((hit) => (labels[hit] === top) === isTop)) continue;
    const side = Array.from(labels.keys()).filter((hit) => (labels[hit] === top) === isTop);
    if (side.length > 0) kept[kept.length - 1] = side[random.below(side.length)]!;
  }
  return kept;
}

function isSingleValued(group: readonly number[], labels: readonly number[]): boolean {
  return group.every((i) => labels[i] === labels[group[0]!]);
}

/**
 * Groups of `train_group_size` hits of one query, in the order dealt. Each epoch shuffles the hits as (seed, epoch,
 * row) says and deals out ceil(hits / size) groups; a group short of hits takes again from the row's others, and every
 * group keeps a hit of the row's top label and one below it, in place of another, so that it has something to rank.
 * A row whose labels are all equal ranks nothing: left out and counted when training, kept when validating.
 * `{query, pos, neg}` rows serve too, with their scores or 1 and 0 as labels.
 */
export function hitGroups(options: HitGroupOptions): ExampleMaker<GroupExample> {
  const { size, seed = 0, shuffleRate = 0, training = true, compat = false } = options;
  checkGroupSize(size);

  const draw = (labels: readonly number[], row: number, epoch: number): number[][] => {
    const random = at(seed, 'hit-groups', epoch, row);
    const groups = deal(Array.from(random.permutation(labels.length)), size);
    return compat ? groups.filter((group) => !isSingleValued(group, labels)) : groups;
  };
  const reject = (fault: RowFault, record: RerankerRecord, expected: string, got: string): DataError =>
    new DataError(fault, { at: record.at, expected, got });

  return {
    leavesOut: compat ? ['no-contrast', 'short-row'] : ['no-contrast'],
    lengths: (record, row) => {
      if (record.shape !== 'hits' && record.shape !== 'lists') {
        throw reject('unfit-shape', record, '"hits", or "pos" and "neg"', `a "${record.shape}" row`);
      }
      const labels = recordLabels(record);
      if (compat && labels.length < size) {
        throw reject('short-row', record, `at least ${size} hits`, String(labels.length));
      }
      if ((training || compat) && isSingleValued([...labels.keys()], labels)) {
        throw reject('no-contrast', record, 'different labels', 'one value');
      }
      const count = draw(labels, row, 0).length;
      if (count === 0) throw reject('no-contrast', record, 'a group with different labels', 'none');
      return new Array<number>(count).fill(expectedGroupLength(record, size));
    },
    make: (record, row, item, epoch) => {
      const contents = recordContents(record);
      const labels = recordLabels(record);
      const drawnIn = training && !compat ? epoch : 0;
      const dealt = draw(labels, row, drawnIn)[item]!;
      const random = at(seed, 'hit-contrast', drawnIn, row, item);
      const group = compat ? dealt : keepContrast(dealt, labels, random);
      const rate = training ? shuffleRate : 0;
      return {
        at: record.at,
        query: record.query,
        contents: group.map((hit) => shuffleText(contents[hit]!, rate, seed, epoch, row, hit)),
        labels: group.map((hit) => labels[hit]!),
      };
    },
  };
}
