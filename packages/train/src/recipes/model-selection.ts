import type { CompleteConfig } from '../config/check-shared.js';
import { ConfigError } from '../config/config-error.js';
import type { BestCheckpoint, RunState } from '../resume/run-state.js';
import type { Evaluated } from './prepared-task.js';

type SelectionSettings = Pick<
  CompleteConfig,
  | 'metricForBestModel'
  | 'greaterIsBetter'
  | 'loadBestModelAtEnd'
  | 'earlyStoppingPatience'
  | 'earlyStoppingThreshold'
>;

/** Which checkpoint of a run is the best, and whether the run goes on, by a metric of its evaluations. */
export interface ModelSelection {
  /** Such as `ndcg@10`. */
  readonly metric: string;
  readonly best: BestCheckpoint | undefined;
  /** Evaluations in a row without a gain. */
  readonly withoutGain: number;
  /** Goes back to where a checkpoint stood. */
  restore(from: Pick<RunState, 'best' | 'without_gain'>): void;
  /** Takes note of a checkpoint's evaluation. @returns why the run is to end, where it is */
  judge(name: string, metrics: Evaluated['metrics']): string | undefined;
}

/** Transformers calls metrics of an evaluation `eval_…`. */
const metricOf = ({ metricForBestModel = 'ndcg@10' }: SelectionSettings): string =>
  metricForBestModel.replace(/^eval_/, '');

/**
 * The selection that the settings ask for; undefined where they ask for none. A gain is a better value by more than the threshold, and
 * the best one is the better one by however little, as in transformers' `EarlyStoppingCallback`.
 * @param from where an earlier run stood
 */
export function modelSelection(
  config: SelectionSettings,
  from?: Pick<RunState, 'best' | 'without_gain'>,
): ModelSelection | undefined {
  const { earlyStoppingPatience: patience, earlyStoppingThreshold: threshold } = config;
  if (config.metricForBestModel === undefined && !config.loadBestModelAtEnd && patience === undefined)
    return undefined;
  const metric = metricOf(config);
  const sign = config.greaterIsBetter === false ? -1 : 1;
  let best = from?.best;
  let withoutGain = from?.without_gain ?? 0;
  return {
    metric,
    get best() {
      return best;
    },
    get withoutGain() {
      return withoutGain;
    },
    restore(state) {
      best = state.best;
      withoutGain = state.without_gain;
    },
    judge(name, metrics) {
      const value = metrics[metric]!;
      // A value that is no number is no gain.
      const gain =
        best || Number.isNaN(value) ? sign * (value - (best?.value ?? 0)) : Number.POSITIVE_INFINITY;
      withoutGain = gain > threshold ? 0 : withoutGain + 1;
      if (gain > 0) best = { name, value };
      if (patience === undefined || withoutGain < patience) return undefined;
      return `${metric} has not gained in ${withoutGain} evaluation${withoutGain === 1 ? '' : 's'}${best ? `; the best is ${best.value.toFixed(4)}, of ${best.name}` : ''}`;
    },
  };
}

/**
 * Finds out before anything is trained whether there will be something to select by.
 * @param evaluated the model before training; undefined without held-out rows
 * @throws ConfigError
 */
export function checkSelection(
  selection: Pick<ModelSelection, 'metric'> | undefined,
  evaluated: Pick<Evaluated, 'metrics'> | undefined,
): void {
  if (!selection || (evaluated && Object.hasOwn(evaluated.metrics, selection.metric))) return;
  if (!evaluated)
    throw new ConfigError(
      'val_dataset',
      'val_dataset',
      'expected rows to choose the best checkpoint by, got none — name a file, or leave out metric_for_best_model, load_best_model_at_end and early_stopping_patience',
    );
  throw new ConfigError(
    'metric_for_best_model',
    'metric_for_best_model',
    `expected a metric of val_dataset, ${Object.keys(evaluated.metrics).join(', ')}, got ${selection.metric} — choose one`,
  );
}
