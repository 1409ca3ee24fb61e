import type { CrossEncoder, ScoreOptions } from '@rag/reranker';
import { compareCandidates } from '../compare/compare-candidates.js';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import { openSources, type RunFiles } from '../run-files.js';
import { placeOf, titleOf } from './evaluated-place.js';
import { heldOutMetrics } from './held-out-metrics.js';
import { type JudgedQueries, readJudgedQueries } from './judged-queries.js';
import type { Evaluated, EvaluatedEpoch, TaskEvaluator } from './prepared-task.js';
import {
  chanceOf,
  compareReports,
  type RankingReport,
  rankingMetrics,
  reportBm25,
  reportModel,
} from './ranking-report.js';
import { formatDifference, formatReports, meansOf } from './report-table.js';
import { checkRowShapes } from './reranker-data.js';

/** How a model ranks the held-out queries, beside what it started from and two systems that learn nothing. */
export interface RerankerEvaluation {
  /** How many were ranked. */
  readonly queries: number;
  /** The model that training started from. */
  readonly before: RankingReport['metrics'];
  readonly after: RankingReport['metrics'];
  /** after − before, paired by query. */
  readonly difference: ReturnType<typeof compareReports>;
  readonly bm25: RankingReport['metrics'];
  readonly chance: ReturnType<typeof chanceOf>;
  /** After every saved epoch but the last, which is `after`. */
  readonly epochs: readonly (EvaluatedEpoch & { readonly metrics: RankingReport['metrics'] })[];
}

/** The queries of `val_dataset`, checked before anything is trained; undefined without one. */
export async function openJudgedQueries(
  files: RunFiles,
  config: CompleteRerankerConfig,
  say: (line: string) => void,
): Promise<JudgedQueries | undefined> {
  if (config.valDataset === undefined) return undefined;
  const judged = await readJudgedQueries(await openSources(files, config.valDataset), {
    labelRange: { min: config.minLabel, max: config.maxLabel },
    ...(config.valLabelKey !== undefined && { labelKey: config.valLabelKey }),
  });
  checkRowShapes('val_dataset_type', config.valDatasetType, judged.summary.shapes);
  say(`${config.valDataset.join(', ')}: ${describeQueries(judged)}`);
  return judged;
}

/** `40 queries, 310 passages; 2 more without a relevant passage left out`. */
export function describeQueries({ queries, leftOut }: Pick<JudgedQueries, 'queries' | 'leftOut'>): string {
  const passages = queries.reduce((sum, query) => sum + query.passages.length, 0);
  const rest = leftOut === 0 ? '' : `; ${leftOut} more without a relevant passage left out`;
  return `${queries.length} queries, ${passages} passages${rest}`;
}

/** Evaluates the models of a run on the same queries in the same way. */
export function rerankerEvaluator(
  { queries, leftOut, fingerprint }: Pick<JudgedQueries, 'queries' | 'leftOut' | 'fingerprint'>,
  options: ScoreOptions,
): TaskEvaluator<CrossEncoder, RerankerEvaluation> {
  const baselines = { bm25: reportBm25(queries).metrics, chance: chanceOf(queries) };
  const epochs: (EvaluatedEpoch & { metrics: RankingReport['metrics'] })[] = [];
  let [start, end] = [undefined, undefined] as [RankingReport | undefined, RankingReport | undefined];
  const result = (): RerankerEvaluation => ({
    queries: queries.length,
    before: start!.metrics,
    after: end!.metrics,
    difference: compareReports(start!, end!),
    ...baselines,
    epochs,
  });
  return {
    result,
    metrics: () => heldOutMetrics(start!.metrics, end!.metrics, baselines),
    comparison: () =>
      start &&
      end &&
      compareCandidates(
        queries,
        [
          { name: 'before', scores: start.scores },
          { name: 'after', scores: end.scores },
        ],
        rankingMetrics,
      ),
    rows: { fingerprint, queries: queries.length, left_out: leftOut },
    async before(model) {
      start = await reportModel(model, queries, options);
      return evaluated(start, formatReports([['before', start.metrics]]));
    },
    get epochs() {
      return epochs;
    },
    restore(earlier) {
      epochs.splice(0, epochs.length, ...(earlier as typeof epochs));
    },
    async epoch(model, epoch, update) {
      const report = await reportModel(model, queries, options);
      const { metrics } = report;
      epochs.push({ ...placeOf(epoch, update), metrics });
      return evaluated(report, formatReports([[titleOf(epoch, update), metrics]]));
    },
    async after(model) {
      end = await reportModel(model, queries, options);
      const { before, after, bm25, chance, difference } = result();
      const table = formatReports([
        ['before', before],
        ['after', after],
        ['BM25', bm25],
        ['chance', chance],
      ]);
      return evaluated(end, `${table}\nafter − before: ${formatDifference(difference)}`);
    },
  };
}

const evaluated = ({ metrics }: RankingReport, text: string): Evaluated => ({
  text,
  metrics: meansOf(metrics),
});
