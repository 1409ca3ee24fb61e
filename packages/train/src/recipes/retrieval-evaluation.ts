import {
  compareRetrieval,
  type MeanInterval,
  type PairedDifference,
  type SimilarityEvaluation,
} from '@rag/eval';
import { compareRuns, firstsOf } from '../compare/compare-runs.js';
import { collectionOfRows } from '../evaluate/collection.js';
import { evaluateCollection, type SystemEvaluation } from '../evaluate/evaluate-collection.js';
import type { Retriever } from '../evaluate/retriever.js';
import { placeOf, titleOf } from './evaluated-place.js';
import { heldOutMetrics } from './held-out-metrics.js';
import type { Evaluated, EvaluatedEpoch, TaskEvaluator } from './prepared-task.js';
import { formatDifference, formatReports, meansOf } from './report-table.js';
import { retrievalChance } from './retrieval-chance.js';
import type { RetrievalRows } from './retrieval-rows.js';

/** What retrievers are judged by. */
export const retrievalMetrics = ['mrr@10', 'ndcg@10', 'recall@10'] as const;
export type RetrievalMetric = (typeof retrievalMetrics)[number];
type PerMetric<T> = Readonly<Record<RetrievalMetric, T>>;

/** Documents kept per query. */
const KEPT = 100;

/** A system's quality on the held-out rows; what the rows do not judge is absent. */
export interface RetrievalReport {
  readonly metrics?: PerMetric<MeanInterval>;
  /** How similarities follow the scores of rows that have some. */
  readonly similarity?: SimilarityEvaluation;
  /** nDCG@10 of vectors that are cut, by width, where the model is trained for that. */
  readonly curve?: readonly { readonly dim: number; readonly 'ndcg@10': number }[];
}

/** How a model searches held-out rows, beside what it started from and BM25. */
export interface RetrieverEvaluation {
  readonly queries: number;
  readonly passages: number;
  readonly before: RetrievalReport;
  readonly after: RetrievalReport;
  /** after − before, paired by query. */
  readonly difference?: PerMetric<PairedDifference>;
  readonly bm25?: PerMetric<MeanInterval>;
  /** What random order scores, exactly. */
  readonly chance?: PerMetric<number>;
  /** After every saved epoch but the last, which is `after`. */
  readonly epochs: readonly (EvaluatedEpoch & RetrievalReport)[];
}

/** A report with what comparisons need. */
interface Judged {
  readonly report: RetrievalReport;
  readonly system?: SystemEvaluation;
}

/** Evaluates the models of a run, each as its retriever searches the rows, as `rag eval` does. */
export function retrievalEvaluator<Model>(
  rows: RetrievalRows,
  retrieverOf: (model: Model) => Retriever,
): TaskEvaluator<Model, RetrieverEvaluation> {
  const collection = collectionOfRows(rows);
  const epochs: (EvaluatedEpoch & RetrievalReport)[] = [];
  let [start, end, words] = [undefined, undefined, undefined] as [Judged?, Judged?, SystemEvaluation?];
  const judge = async (model: Model, bm25 = false): Promise<Judged> => {
    const { systems, byWidth, similarity } = await evaluateCollection(collection, retrieverOf(model), {
      metrics: retrievalMetrics,
      topK: KEPT,
      bm25,
      leaveOutSameId: false,
    });
    const [system, ...others] = systems;
    words ??= others[0];
    const scored = similarity[0]?.evaluation;
    const curve = byWidth.map(({ dim, evaluation }) => ({ dim, 'ndcg@10': evaluation.means['ndcg@10']! }));
    return {
      ...(system && { system }),
      report: {
        ...(system && { metrics: intervalsOf(system) }),
        ...(scored && { similarity: scored }),
        ...(curve.length > 0 && { curve }),
      },
    };
  };
  const level =
    rows.qrels.size > 0 ? retrievalChance(rows.qrels, rows.passages.length, retrievalMetrics) : undefined;
  const result = (): RetrieverEvaluation => ({
    queries: rows.qrels.size,
    passages: rows.passages.length,
    before: start!.report,
    after: end!.report,
    ...(start!.system && end!.system && { difference: differenceOf(start!.system, end!.system) }),
    ...(words && { bm25: intervalsOf(words) }),
    ...(level && { chance: level }),
    epochs,
  });
  return {
    result,
    metrics() {
      const [before, after] = [start!.report, end!.report];
      const levels =
        level && Object.fromEntries(Object.entries(level).map(([name, mean]) => [name, { mean }]));
      const ranked = after.metrics
        ? heldOutMetrics(before.metrics ?? {}, after.metrics, {
            bm25: words && intervalsOf(words),
            chance: levels,
          })
        : [];
      const { similarity } = after;
      if (!similarity) return ranked;
      const earlier = before.similarity && { before: before.similarity.spearman };
      return [...ranked, { name: 'spearman', mean: similarity.spearman, ...earlier }];
    },
    comparison() {
      if (!start?.system || !end?.system) return undefined;
      const documents = new Map(rows.passages.map((text, place) => [`d${place}`, text]));
      const queries = new Map(collection.queries.map(({ id, text }) => [id, text]));
      const judged = (name: string, { run, evaluation }: SystemEvaluation) => ({
        ...{ name, evaluation },
        firsts: firstsOf(run, collection.qrels),
      });
      const systems = [judged('before', start.system), judged('after', end.system)];
      const texts = {
        query: (id: string) => queries.get(id),
        document: (id: string) => documents.get(id),
      };
      return compareRuns(
        systems,
        collection.qrels,
        texts,
        words && { words: firstsOf(words.run, collection.qrels) },
      );
    },
    rows: {
      fingerprint: rows.fingerprint,
      queries: rows.qrels.size,
      passages: rows.passages.length,
      pairs: rows.pairs.length,
    },
    async before(model) {
      start = await judge(model, true);
      return evaluated(start, formatSystems([['before', start.report]]));
    },
    get epochs() {
      return epochs;
    },
    restore(earlier) {
      epochs.splice(0, epochs.length, ...(earlier as typeof epochs));
    },
    async epoch(model, epoch, update) {
      const judged = await judge(model);
      const { report } = judged;
      epochs.push({ ...placeOf(epoch, update), ...report });
      return evaluated(judged, formatSystems([[titleOf(epoch, update), report]]));
    },
    async after(model) {
      end = await judge(model);
      const { before, after, bm25, difference } = result();
      const systems = formatSystems([
        ['before', before],
        ['after', after],
        ...(bm25 ? [['BM25', { metrics: bm25 }] as const] : []),
      ]);
      const random = level && retrievalMetrics.map((name) => `${name} ${level[name].toFixed(3)}`).join(', ');
      const table = random ? `${systems}\nchance: ${random}` : systems;
      return evaluated(end, difference ? `${table}\nafter − before: ${formatDifference(difference)}` : table);
    },
  };
}

const evaluated = ({ report: { metrics, similarity } }: Judged, text: string): Evaluated => ({
  text,
  metrics: { ...(metrics && meansOf(metrics)), ...(similarity && { spearman: similarity.spearman }) },
});

// Systems are judged by `retrievalMetrics`, which their types do not say.
const intervalsOf = ({ intervals }: SystemEvaluation) => intervals as PerMetric<MeanInterval>;
const differenceOf = (before: SystemEvaluation, after: SystemEvaluation): PerMetric<PairedDifference> =>
  compareRetrieval<RetrievalMetric>(before.evaluation, after.evaluation);

/** Tables of what there is: rankings, correlations, quality by width. */
export function formatSystems(
  systems: readonly (readonly [name: string, report: RetrievalReport])[],
): string {
  const ranked = systems.flatMap(([name, { metrics }]) => (metrics ? [[name, metrics] as const] : []));
  const lines = ranked.length > 0 ? [formatReports(ranked)] : [];
  for (const [name, { similarity, curve }] of systems) {
    if (similarity)
      lines.push(`${name}: Spearman ${similarity.spearman.toFixed(3)} over ${similarity.pairs} pairs`);
    if (curve)
      lines.push(
        `${name}: ndcg@10 by width ${curve.map((point) => `${point.dim}: ${point['ndcg@10'].toFixed(3)}`).join(', ')}`,
      );
  }
  return lines.join('\n');
}
