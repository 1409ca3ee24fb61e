import { countUpdates } from '../schedule.js';
import type { MeasuredRun } from './measure-run.js';
import type { Survey } from './survey.js';
import type { TokenLimits, TokenSurvey } from './survey-tokens.js';

/** Seconds, as far as they can be told. */
export interface TimeRange {
  readonly least: number;
  readonly most: number;
}

/** How long a run will take on this machine. */
export interface RunTime {
  readonly training: TimeRange;
  /** Of all evaluations together; absent where there are none. */
  readonly evaluation?: TimeRange;
  readonly total: TimeRange;
}

export interface TimedSettings {
  readonly epochs: number;
  readonly gradientAccumulationSteps: number;
  readonly saveOnEpochEnd: boolean;
  readonly evalSteps: number | undefined;
  readonly metricForBestModel: string | undefined;
  readonly loadBestModelAtEnd: boolean;
  readonly earlyStoppingPatience: number | undefined;
  readonly valDataset: readonly string[] | undefined;
}

/** A machine is not always as fast as in one minute. */
const LEAST_SHARE = 0.1;
/** The first update allocates: later ones take from this share of it to the whole. */
const FIRST_SHARE = 0.4;
/** Tokens of evaluations are told by mean lengths, and searches and rankings are not measured. */
const EVALUATION = { least: 0.7, most: 1.5 };

/** Evaluations of a run: before, after, and those between. */
export function countEvaluations(config: TimedSettings, updates: number): number {
  if (config.valDataset === undefined) return 0;
  const { metricForBestModel, loadBestModelAtEnd, earlyStoppingPatience, evalSteps, epochs } = config;
  const selects =
    metricForBestModel !== undefined || loadBestModelAtEnd || earlyStoppingPatience !== undefined;
  // The last epoch's model is the final one, which is evaluated anyway.
  const atEnds = config.saveOnEpochEnd ? epochs - (selects ? 0 : 1) : 0;
  return 2 + atEnds + (evalSteps === undefined ? 0 : Math.floor(updates / evalSteps));
}

/** Tokens that one evaluation reads, by the mean lengths of the held-out rows in characters. */
export function evaluationTokens(
  { rows, passages, characters }: Pick<Survey, 'rows' | 'passages' | 'characters'>,
  { charactersPerToken }: Pick<TokenSurvey, 'charactersPerToken'>,
  limits: TokenLimits,
): number {
  const tokens = (side: 'query' | 'passage') => characters[side].mean / Math.max(1e-9, charactersPerToken);
  if ('pair' in limits) return passages * Math.min(limits.pair, tokens('query') + tokens('passage') + 3);
  const query = Math.min(limits.query, tokens('query') + 2);
  return rows * query + passages * Math.min(limits.passage, tokens('passage') + 2);
}

/**
 * The time of a run at the measured pace; writing files, and the search of evaluations, are not counted.
 * @param processes that share the batches, each as fast as the one that was measured
 */
export function runTime(
  { updates, batches, batchesPerEpoch, evaluationSecondsPerToken, openSeconds }: MeasuredRun,
  config: TimedSettings,
  tokensPerEvaluation: number,
  processes = 1,
): RunTime {
  const { total } = countUpdates(
    Math.ceil(batchesPerEpoch / processes),
    config.epochs,
    config.gradientAccumulationSteps,
  );
  const { mean, error } = updates.secondsPerToken;
  const tokens = (batches.tokensPerEpoch * config.epochs) / processes;
  const seconds = tokens * mean + total * updates.updateSeconds;
  // Of a single value there is no error.
  const share = Math.max(LEAST_SHARE, error === undefined ? 3 * LEAST_SHARE : (2 * error) / mean);
  const training = updates.isFirst
    ? { least: FIRST_SHARE * seconds, most: (1 + LEAST_SHARE) * seconds }
    : { least: Math.max(0, 1 - share) * seconds, most: (1 + share) * seconds };
  const count = countEvaluations(config, total);
  const evaluating =
    count > 0 && evaluationSecondsPerToken !== undefined
      ? (count * tokensPerEvaluation * evaluationSecondsPerToken) / processes
      : undefined;
  const evaluation = evaluating !== undefined && {
    least: EVALUATION.least * evaluating,
    most: EVALUATION.most * evaluating,
  };
  return {
    training,
    ...(evaluation && { evaluation }),
    total: {
      least: openSeconds + training.least + (evaluation ? evaluation.least : 0),
      most: openSeconds + training.most + (evaluation ? evaluation.most : 0),
    },
  };
}
