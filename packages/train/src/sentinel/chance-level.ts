import type { LabelSummary } from '@rag/data';
import { candidatesOf } from '../config/check-retrieval.js';
import type { ChanceLevel } from './sentinel.js';

/** Losses of one pair or two at a time, which are ln 2 where nothing is told apart; `regression_ce` may end near it on soft labels. */
const OF_TWO: readonly string[] = ['pointwise_bce', 'classfication', 'point_ce', 'pairwise_ranknet'];

/** Cross-entropies over the candidates of a query. */
const OF_CANDIDATES: readonly string[] = ['group_softmax', 'infonce'];

/**
 * Where the loss of a model stands that gives every passage one score.
 * @param candidates passages that a query is compared with, its own included; undefined where that varies
 * @returns undefined for losses that have no such level
 */
export function chanceLevel(loss: string, candidates: number | undefined): ChanceLevel | undefined {
  if (OF_TWO.includes(loss)) return { loss: Math.LN2, name: 'ln 2' };
  if (!OF_CANDIDATES.includes(loss) || candidates === undefined || candidates < 2) return undefined;
  return { loss: Math.log(candidates), name: `ln ${candidates}` };
}

/** Settings of retrievers, as far as they decide where that is. */
type RetrieverSettings = Parameters<typeof candidatesOf>[0] & {
  readonly knowledgeDistillation: boolean;
  /** Losses over several widths, and of several heads, are sums. */
  readonly useMrl?: boolean;
  readonly unifiedFinetuning?: boolean;
};

/**
 * That of queries against the passages of a full batch, in one process; nothing for sums of losses and for teachers.
 * @param summary of the rows: where none has negatives, a query meets the other rows' positives
 */
export function retrieverChance(
  loss: string,
  settings: RetrieverSettings,
  summary: unknown,
): { readonly chance?: ChanceLevel } {
  const { knowledgeDistillation, useMrl, unifiedFinetuning } = settings;
  if (loss !== 'infonce' || knowledgeDistillation || useMrl || unifiedFinetuning) return {};
  const chance = chanceLevel(loss, candidatesOf(settings, (summary as LabelSummary).negatives > 0));
  return chance ? { chance } : {};
}
