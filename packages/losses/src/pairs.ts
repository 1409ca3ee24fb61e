import { and, cast, greater, reduceSum, sub, unsqueeze, type Value } from '@rag/onnx';
import type { Groups } from './groups.js';

/** x_i − x_j within each group: [groups, size] to [groups, size (i), size (j)]. */
export const differences = (x: Value): Value => sub(unsqueeze(x, [2]), unsqueeze(x, [1]));

/** Where the condition holds for both documents, bool [groups, size] to bool [groups, size, size]. */
const forBoth = (condition: Value): Value => and(unsqueeze(condition, [2]), unsqueeze(condition, [1]));

/** The pairs of documents of one group of which the first has the higher label; equal labels make no pair. */
export interface OrderedPairs {
  /** Whether (i, j) is such a pair; bool [groups, size, size]. */
  readonly ordered: Value;
  /** label_i − label_j, above 0 where ordered; [groups, size, size]. */
  readonly gap: Value;
  /** Number of pairs in the batch; scalar. */
  readonly count: Value;
}

/** The ordered pairs of each group by labels [groups, size] that are finite everywhere. */
export function orderedPairs({ real }: Pick<Groups, 'real'>, labels: Value): OrderedPairs {
  const gap = differences(labels);
  const ordered = and(forBoth(real), greater(gap, 0));
  return { ordered, gap, count: reduceSum(cast(ordered, labels.dtype)) };
}
