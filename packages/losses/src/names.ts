import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { groupSoftmax } from './group-softmax.js';
import { klDivergence } from './kl-divergence.js';
import { lambdaLoss } from './lambda-loss.js';
import { listwiseCrossEntropy } from './listwise-cross-entropy.js';
import type { GroupLoss, PointwiseLoss } from './loss.js';
import { marginMse } from './margin-mse.js';
import { meanSquaredError } from './mean-squared-error.js';
import { nearestName } from './nearest-name.js';
import { rankNet } from './rank-net.js';

interface Named {
  /** As files spell it; the first is ours to print, the others are older spellings of the same loss. */
  readonly names: readonly [string, ...string[]];
  /** What its weight counts. */
  readonly weight: 'rows' | 'groups' | 'pairs';
}

export interface NamedPointwiseLoss extends Named {
  readonly kind: 'pointwise';
  readonly loss: PointwiseLoss;
}

export interface NamedGroupLoss extends Named {
  readonly kind: 'group';
  /** Whether it reads teacher_scores. */
  readonly teacher: 'none' | 'optional' | 'required';
  readonly loss: GroupLoss;
}

/** A loss as a training file names it; `kind` says which inputs it takes. */
export type NamedLoss = NamedPointwiseLoss | NamedGroupLoss;

/**
 * Every loss under every name: those of the seeds (`classfication`, spelled so, `regression_*`), of RAG-Retrieval
 * 4193c8c (`point_*`) and 950da57 (`pointwise_*`, `pairwise_ranknet`, `listwise_ce`), and ours for the rest.
 */
export const namedLosses: readonly NamedLoss[] = [
  {
    names: ['pointwise_bce', 'point_ce', 'classfication', 'regression_ce'],
    kind: 'pointwise',
    weight: 'rows',
    loss: binaryCrossEntropy,
  },
  {
    names: ['pointwise_mse', 'point_mse', 'regression_mse'],
    kind: 'pointwise',
    weight: 'rows',
    loss: meanSquaredError,
  },
  { names: ['group_softmax'], kind: 'group', weight: 'groups', teacher: 'optional', loss: groupSoftmax },
  { names: ['listwise_ce'], kind: 'group', weight: 'groups', teacher: 'none', loss: listwiseCrossEntropy },
  { names: ['pairwise_ranknet'], kind: 'group', weight: 'pairs', teacher: 'none', loss: rankNet },
  {
    names: ['kl_divergence'],
    kind: 'group',
    weight: 'groups',
    teacher: 'required',
    loss: (inputs) => klDivergence(inputs),
  },
  { names: ['margin_mse'], kind: 'group', weight: 'pairs', teacher: 'required', loss: marginMse },
  {
    names: ['lambda_loss'],
    kind: 'group',
    weight: 'groups',
    teacher: 'none',
    loss: (inputs) => lambdaLoss(inputs),
  },
];

/** A name that no loss has. */
export class UnknownLossError extends Error {
  override readonly name = 'UnknownLossError';
  constructor(
    /** What was asked for. */
    readonly loss: string,
    /** The known name that it resembles. */
    readonly suggestion: string | undefined,
    /** Every known name. */
    readonly known: readonly string[],
  ) {
    const advice = suggestion ? `did you mean "${suggestion}"?` : 'choose one of these';
    super(`loss: expected one of ${known.join(', ')}, got ${JSON.stringify(loss)} — ${advice}`);
  }
}

/** The loss of that name, in any of its spellings; throws `UnknownLossError` with the nearest known name. */
export function lossByName(name: string): NamedLoss {
  const found = namedLosses.find(({ names }) => names.includes(name));
  if (found) return found;
  const known = namedLosses.flatMap(({ names }) => names);
  throw new UnknownLossError(name, nearestName(name, known), known);
}
