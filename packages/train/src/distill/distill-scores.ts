import { type ScoredPairs, type ScorePairsJob, scorePairs } from './score-pairs.js';
import { type WriteScoresJob, writeScores } from './write-scores.js';

/** Scores to make, keep and write. */
export type DistillScoresJob = ScorePairsJob & Pick<WriteScoresJob, 'pairs' | 'lists' | 'gamma' | 'leaveOut'>;

/** What {@link distillScores} did. */
export interface DistilledScores extends ScoredPairs {
  /** Pairs without a score that the files lack. */
  readonly leftOut: number;
}

/** A run that ended before every pair had a score; its message says how far it is and how to go on. */
export class UnfinishedScoresError extends Error {
  override readonly name = 'UnfinishedScoresError';
  constructor(
    message: string,
    readonly scored: ScoredPairs,
  ) {
    super(message);
  }
}

/**
 * Scores every pair by a teacher and writes the rows for a student, `{query, content, score}`, `{query, pos, neg, pos_scores,
 * neg_scores}` or both, once every pair has its score.
 * @throws UnfinishedScoresError at the cost limit and for pairs without a score, unless they may be left out; what `scorePairs` and
 * `writeScores` throw. Scores are kept
 */
export async function distillScores(job: DistillScoresJob): Promise<DistilledScores> {
  const { cost, leaveOut = false, say } = job;
  const scored = await scorePairs(job);
  const { faults, stopped, spent } = scored;
  for (const fault of faults) say?.(fault);
  const progress = `${formatPairs(scored.scored)} of ${formatPairs(scored.pairs)} pairs have scores, kept in ${job.cache.name}`;
  if (stopped === 'cost')
    throw new UnfinishedScoresError(
      `cost limit: expected ${cost?.maxCost} to be enough, got ${formatCost(spent!)} spent and the next request may pass it; ${progress} — the same command with a higher --max_cost goes on`,
      scored,
    );
  if (stopped === 'faults' || (faults.length > 0 && !leaveOut))
    throw new UnfinishedScoresError(
      `${faults[0]} — ${faults.length === 1 ? 'one pair has' : `${faults.length} pairs have`} no score; ${progress}; ${
        stopped === 'faults'
          ? 'change the prompt or the model, or raise --max_faults'
          : 'the same command asks for them again, and --leave_out writes the others'
      }`,
      scored,
    );
  return { ...scored, leftOut: await writeScores({ ...job, leaveOut }) };
}

const formatPairs = (count: number): string => count.toLocaleString('en');

/** Four digits, since requests cost little. */
export const formatCost = (cost: number): string => String(Number(cost.toPrecision(4)));
