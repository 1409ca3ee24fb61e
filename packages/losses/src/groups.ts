import {
  and,
  cast,
  GraphError,
  greater,
  greaterOrEqual,
  logSoftmax,
  mul,
  neg,
  reduceSum,
  softmax,
  type Value,
  where,
} from '@rag/onnx';
import { expectLikeLogits, expectLogits, type GroupInputs, type Loss } from './loss.js';

/** Where a softmax must not look: far below any logit, yet finite, so that no row of it becomes NaN. */
export const ABSENT = -1e30;

/** The groups of a batch, with filler out of the way. */
export interface Groups {
  /** Documents, not filler; bool [groups, size]. */
  readonly real: Value;
  /** [groups, size], 0 under filler. */
  readonly logits: Value;
  /** Groups of two documents or more, which alone can be ranked; bool [groups]. */
  readonly comparable: Value;
  /** Another input [groups, size], 0 under filler. */
  read(name: 'labels' | 'teacher_scores', value: Value | undefined): Value;
}

/** Reads a group loss's inputs; throws `GraphError` where their types do not fit or one is missing. */
export function readGroups(loss: string, { logits, mask }: Pick<GroupInputs, 'logits' | 'mask'>): Groups {
  expectLogits(loss, logits, ['groups', 'size']);
  expectLikeLogits(loss, 'mask', mask, logits);
  const real = greater(mask, 0);
  const documents = reduceSum(cast(real, logits.dtype), [1]);
  return {
    real,
    logits: where(real, logits, 0),
    comparable: greaterOrEqual(documents, 2),
    read(name, value) {
      if (!value)
        throw new GraphError(loss, `expected ${name} [groups, size], got none — feed them with the batch`);
      expectLikeLogits(loss, name, value, logits);
      return where(real, value, 0);
    },
  };
}

/** Softmax over the chosen documents of each group, 0 elsewhere; x and bool chosen are [groups, size]. */
export const probabilities = (x: Value, chosen: Value): Value =>
  where(chosen, softmax(where(chosen, x, ABSENT)), 0);

/** The logarithm of `probabilities` at the chosen documents, 0 elsewhere. */
export const logProbabilities = (x: Value, chosen: Value): Value =>
  where(chosen, logSoftmax(where(chosen, x, ABSENT)), 0);

/** Groups in which the condition, bool [groups, size], holds for a document; bool [groups]. */
export const anyDocument = (condition: Value): Value =>
  greater(reduceSum(cast(condition, 'float32'), [1]), 0);

/** −Σ target·log p of each group, [groups]; target and log p are [groups, size]. */
export const crossEntropy = (target: Value, logP: Value): Value => neg(reduceSum(mul(target, logP), [1]));

/** The sum of the losses [groups] of the groups that count, and how many those are. */
export function overGroups({ comparable }: Groups, losses: Value, counted: Value = comparable): Loss {
  const counts = and(comparable, counted);
  return { sum: reduceSum(where(counts, losses, 0)), weight: reduceSum(cast(counts, losses.dtype)) };
}
