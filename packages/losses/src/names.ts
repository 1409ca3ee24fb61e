import { angle, type PairVectorInputs } from './angle.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { coSent } from './co-sent.js';
import { type DistillationInputs, type DistillationOptions, distillation } from './distillation.js';
import { groupSoftmax } from './group-softmax.js';
import { type InBatchLoss, inBatchSoftmax } from './in-batch-softmax.js';
import { klDivergence } from './kl-divergence.js';
import { lambdaLoss } from './lambda-loss.js';
import { listwiseCrossEntropy } from './listwise-cross-entropy.js';
import type { GroupLoss, Loss, PointwiseLoss } from './loss.js';
import { marginMse } from './margin-mse.js';
import { meanSquaredError } from './mean-squared-error.js';
import { nearestName } from './nearest-name.js';
import { pairKlDivergence } from './pair-kl-divergence.js';
import { rankNet } from './rank-net.js';
import type { PairScoreInputs } from './scored-pairs.js';

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

/** Every query of a batch against the candidates of all. */
export interface NamedInBatchLoss extends Named {
  readonly kind: 'in-batch';
  readonly loss: InBatchLoss;
}

/** Scored pairs of a batch, by their scores. */
export interface NamedPairScoreLoss extends Named {
  readonly kind: 'pair-score';
  readonly loss: (inputs: PairScoreInputs) => Loss;
}

/** Scored pairs of a batch, by their vectors. */
export interface NamedPairVectorLoss extends Named {
  readonly kind: 'pair-vectors';
  readonly loss: (inputs: PairVectorInputs) => Loss;
}

/** Vectors beside a teacher's. */
export interface NamedDistillationLoss extends Named {
  readonly kind: 'distill';
  readonly loss: (inputs: DistillationInputs, options?: DistillationOptions) => Loss;
}

type AnyNamedLoss =
  | NamedPointwiseLoss
  | NamedGroupLoss
  | NamedInBatchLoss
  | NamedPairScoreLoss
  | NamedPairVectorLoss
  | NamedDistillationLoss;

/** Which inputs a loss takes. */
export type LossKind = AnyNamedLoss['kind'];

/** What a model that scores single pairs, a reranker, can be trained with. */
const logitKinds = ['pointwise', 'group'] as const satisfies readonly LossKind[];
type LogitKind = (typeof logitKinds)[number];

/** A loss as a training file names it, by the kinds that the caller can feed; without them, those over logits. */
export type NamedLoss<K extends LossKind = LogitKind> = Extract<AnyNamedLoss, { readonly kind: K }>;

/**
 * Every loss under every name: those of the seeds (`classfication`, spelled so, `regression_*`), of RAG-Retrieval
 * 4193c8c (`point_*`) and 950da57 (`pointwise_*`, `pairwise_ranknet`, `listwise_ce`, the `…_loss` methods of its embedding
 * model), sentence-transformers' without their `Loss`, and ours for the rest.
 */
export const namedLosses: readonly NamedLoss<LossKind>[] = [
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
  {
    names: [
      'infonce',
      'in_batch_softmax',
      'pair_inbatch_softmax',
      'triplet_inbatch_softmax',
      'multiple_negatives_ranking',
    ],
    kind: 'in-batch',
    weight: 'rows',
    loss: inBatchSoftmax,
  },
  { names: ['pair_kl'], kind: 'pair-score', weight: 'rows', loss: (inputs) => pairKlDivergence(inputs) },
  { names: ['cosent'], kind: 'pair-score', weight: 'rows', loss: (inputs) => coSent(inputs) },
  { names: ['angle'], kind: 'pair-vectors', weight: 'rows', loss: (inputs) => angle(inputs) },
  { names: ['distill', 'distillation'], kind: 'distill', weight: 'rows', loss: distillation },
];

/** A name that no loss has, or none that the caller can feed. */
export class UnknownLossError extends Error {
  override readonly name = 'UnknownLossError';
  constructor(
    /** What was asked for. */
    readonly loss: string,
    /** The known name that it resembles. */
    readonly suggestion: string | undefined,
    /** Every name that the caller can feed. */
    readonly known: readonly string[],
    /** The kind of the loss of that name, where it is one that the caller cannot feed. */
    readonly kind?: LossKind,
  ) {
    const advice = suggestion ? `did you mean "${suggestion}"?` : 'choose one of these';
    const what = kind ? `${JSON.stringify(loss)}, a loss of kind ${kind}` : JSON.stringify(loss);
    super(`loss: expected one of ${known.join(', ')}, got ${what} — ${advice}`);
  }
}

/** Every name of the losses of these kinds, those over logits by default. */
export const lossNames = (kinds: readonly LossKind[] = logitKinds): string[] =>
  namedLosses.flatMap(({ kind, names }) => (kinds.includes(kind) ? names : []));

/**
 * The loss of that name, in any of its spellings, of the kinds that the caller can feed: those over logits by default.
 * Throws `UnknownLossError` with the nearest of their names, and for a loss of another kind.
 */
export function lossByName<K extends LossKind = LogitKind>(
  name: string,
  kinds: readonly K[] = logitKinds as readonly LossKind[] as readonly K[],
): NamedLoss<K> {
  const found = namedLosses.find(({ names }) => names.includes(name));
  if (found && isOfKind(found, kinds)) return found;
  const known = lossNames(kinds);
  throw new UnknownLossError(name, found ? undefined : nearestName(name, known), known, found?.kind);
}

const isOfKind = <K extends LossKind>(loss: AnyNamedLoss, kinds: readonly K[]): loss is NamedLoss<K> =>
  (kinds as readonly LossKind[]).includes(loss.kind);
