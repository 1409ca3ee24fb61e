import {
  add,
  and,
  exp,
  gatherElements,
  greater,
  greaterOrEqual,
  log,
  mul,
  not,
  range,
  reduceMax,
  reduceSum,
  scatterElements,
  scope,
  shapeOf,
  slice,
  squeeze,
  sub,
  unsqueeze,
  type Value,
  where,
  zerosLike,
} from '@rag/onnx';
import { ABSENT, crossEntropy, logProbabilities, probabilities } from './groups.js';
import { expectInBatch, type InBatchInputs, inBatchSoftmax } from './in-batch-softmax.js';
import { expectFits, expectFloats, expectPositive, type Loss } from './loss.js';

/** What a distillation over a batch reads: in-batch scores, and those of them that a teacher has scored too. */
export interface InBatchDistillationInputs extends InBatchInputs {
  /** int64 [queries, size]: the columns of each query's own passages, one of which is its target; any column under filler. */
  readonly group_index: Value;
  /** [queries, size], 1 for a passage, 0 for filler. */
  readonly group_mask: Value;
  /** [queries, size]: the teacher's scores of them, raw. */
  readonly teacher_scores: Value;
}

export interface InBatchDistillationOptions {
  /** Divides the student's scores, not the teacher's. Default 0.02. */
  readonly temperature?: number;
  /** @default 'kl_div' */
  readonly kind?: 'kl_div' | 'm3_kd_loss';
}

/**
 * In-batch learning beside a teacher's distribution over each query's own passages.
 *
 * Formula, z = s/T and t = softmax(u) over the passages of the query: `kl_div` is inBatchSoftmax −Σ_i t_i·log softmax(z)_i,
 * that softmax over its own passages; `m3_kd_loss` is −Σ_i t_i·log( e^{z_i} / (Σ_{j≥i} e^{z_j} + Σ_c e^{z_c}) ), j over
 * its own passages and c over the other candidates of the query: each passage against what the earlier ones leave.
 * Inputs: scores s, target, mask and row_weight of `inBatchSoftmax`; own passages as columns [queries, size] with the
 * teacher's scores u.
 * Weight: rows, that is queries (Σ row_weight).
 * Reference: FlagEmbedding's `distill_loss` and `_compute_in_batch_neg_loss` (abc/finetune/embedder/AbsModeling.py); M3-Embedding,
 * Chen et al. 2024 (https://arxiv.org/abs/2402.03216).
 * Neighbours: `inBatchSoftmax` has no teacher; `klDivergence` compares lists that meet no other passages.
 * Degenerate: a query of one passage has t = 1; what stands under filler and outside the masks can be anything, even NaN.
 * Throws `GraphError` where types do not fit or the temperature is not above 0.
 */
export function inBatchDistillation(
  inputs: InBatchDistillationInputs,
  { kind = 'kl_div', ...options }: InBatchDistillationOptions = {},
): Loss {
  const { scores, row_weight, group_index, group_mask, teacher_scores } = inputs;
  const loss = 'inBatchDistillation';
  const temperature = expectPositive(loss, 'temperature', options.temperature ?? 0.02);
  expectInBatch(loss, inputs);
  expectFloats(loss, 'teacher_scores', teacher_scores, ['queries', 'size']);
  expectFits(loss, 'group_mask', group_mask, teacher_scores);
  expectFits(loss, 'group_index', group_index, { dtype: 'int64', shape: teacher_scores.shape });
  return scope(loss, () => {
    const rows = row_weight && unsqueeze(greater(row_weight, 0), [1]);
    const chosen = (mask: Value): Value => greater(rows ? where(rows, mask, 0) : mask, 0);
    const real = chosen(group_mask);
    const teacher = probabilities(where(real, teacher_scores, 0), real);
    const own = where(real, mul(gatherElements(scores, group_index, 1), 1 / temperature), 0);
    // Its weight counts the queries that have a target; each of them has passages.
    const hard = inBatchSoftmax(inputs, { temperature });
    if (kind === 'kl_div') {
      const soft = crossEntropy(teacher, logProbabilities(own, real));
      return { sum: add(hard.sum, reduceSum(weighted(soft, row_weight))), weight: hard.weight };
    }
    // Filler adds nothing, whichever column it names.
    const isOwn = greater(scatterElements(zerosLike(inputs.mask), group_index, group_mask, 1, 'add'), 0);
    const rest = and(chosen(inputs.mask), not(isOwn));
    const others = where(rest, mul(where(rest, scores, 0), 1 / temperature), ABSENT);
    const left = leftBehind(own, real, logSumExp(others, 1));
    const soft = reduceSum(mul(teacher, where(real, sub(left, own), 0)), [1]);
    return { sum: reduceSum(weighted(soft, row_weight)), weight: hard.weight };
  });
}

const weighted = (losses: Value, row_weight: Value | undefined): Value =>
  row_weight ? mul(losses, row_weight) : losses;

/** log( Σ_{j≥i} e^{own_j} + e^{others} ) for each i, [queries, size]; own, real [queries, size], others [queries, 1]. */
function leftBehind(own: Value, real: Value, others: Value): Value {
  const at = range(squeeze(slice(shapeOf(own), [1], [2], [0]), [0]));
  const later = greaterOrEqual(unsqueeze(at, [0]), unsqueeze(at, [1]));
  const each = where(later, unsqueeze(where(real, own, ABSENT), [1]), ABSENT);
  const ahead = squeeze(logSumExp(each, 2), [2]);
  const most = where(greater(ahead, others), ahead, others);
  return add(most, log(add(exp(sub(ahead, most)), exp(sub(others, most)))));
}

/** log Σ e^x along the axis, which stays with size 1. */
function logSumExp(x: Value, axis: number): Value {
  const most = reduceMax(x, [axis], true);
  return add(most, log(reduceSum(exp(sub(x, most)), [axis], true)));
}
