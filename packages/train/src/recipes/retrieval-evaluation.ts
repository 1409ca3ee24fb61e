import {
  bm25,
  compareRetrieval,
  evaluateRetrieval,
  evaluateSimilarity,
  type Hits,
  type MeanInterval,
  type PairedDifference,
  type RetrievalEvaluation,
  retrievalIntervals,
  runFromHits,
  type SimilarityEvaluation,
} from '@rag/eval';
import { formatDifference, formatReports } from './report-table.js';
import type { RetrievalRows } from './retrieval-rows.js';
import type { TaskEvaluator } from './run-task.js';

/** What retrievers are judged by. */
export const retrievalMetrics = ['mrr@10', 'ndcg@10', 'recall@10'] as const;
export type RetrievalMetric = (typeof retrievalMetrics)[number];
type PerMetric<T> = Readonly<Record<RetrievalMetric, T>>;

/** Documents kept per query. */
const KEPT = 100;

/** What a model makes of the held-out rows. */
export interface Findings {
  /** One entry per query; empty where no query is judged. */
  readonly hits: readonly Hits[];
  /** One per scored pair. */
  readonly similarities: readonly number[];
  /** nDCG@10 of vectors that are cut, by width, where the model is trained for that. */
  readonly curve?: readonly { readonly dim: number; readonly 'ndcg@10': number }[];
}

/** A system's quality on the held-out rows; what the rows do not judge is absent. */
export interface RetrievalReport {
  readonly metrics?: PerMetric<MeanInterval>;
  readonly similarity?: SimilarityEvaluation;
  readonly curve?: Findings['curve'];
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
  /** After every saved epoch but the last, which is `after`. */
  readonly epochs: readonly ({ readonly epoch: number } & RetrievalReport)[];
}

type Judged = RetrievalReport & { readonly run?: RetrievalEvaluation<RetrievalMetric> };

/** Evaluates the models of a run; `find` lets one search `kept` passages per query. */
export function retrievalEvaluator<Model>(
  rows: RetrievalRows,
  find: (model: Model, rows: RetrievalRows, kept: number) => Promise<Findings>,
): TaskEvaluator<Model, RetrieverEvaluation> {
  const words = rows.qrels.size > 0 ? judge(rows, { hits: bm25Hits(rows), similarities: [] }) : undefined;
  const epochs: ({ epoch: number } & RetrievalReport)[] = [];
  let [start, end] = [undefined, undefined] as [Judged | undefined, Judged | undefined];
  const report = async (model: Model): Promise<Judged> => judge(rows, await find(model, rows, KEPT));
  const result = (): RetrieverEvaluation => ({
    queries: rows.qrels.size,
    passages: rows.passages.length,
    before: shown(start!),
    after: shown(end!),
    ...(start!.run && end!.run && { difference: compareRetrieval(start!.run, end!.run) }),
    ...(words?.metrics && { bm25: words.metrics }),
    epochs,
  });
  return {
    result,
    rows: {
      fingerprint: rows.fingerprint,
      queries: rows.qrels.size,
      passages: rows.passages.length,
      pairs: rows.pairs.length,
    },
    async before(model) {
      start = await report(model);
      return formatSystems([['before', start]]);
    },
    async epoch(model, epoch) {
      const judged = shown(await report(model));
      epochs.push({ epoch, ...judged });
      return formatSystems([[`epoch ${epoch}`, judged]]);
    },
    async after(model) {
      end = await report(model);
      const { before, after, difference } = result();
      const table = formatSystems([
        ['before', before],
        ['after', after],
        ...(words ? [['BM25', words] as const] : []),
      ]);
      return difference ? `${table}\nafter − before: ${formatDifference(difference)}` : table;
    },
  };
}

/** Quality of one system's findings. */
export function judge({ qrels, queries, passages, pairs }: RetrievalRows, findings: Findings): Judged {
  const names = (list: readonly string[]): string[] => list.map((_, place) => String(place));
  const judged =
    qrels.size > 0
      ? evaluateRetrieval(
          runFromHits(findings.hits, names(queries), names(passages)),
          qrels,
          retrievalMetrics,
        )
      : undefined;
  const similarity =
    findings.similarities.length > 0
      ? evaluateSimilarity({ scores: findings.similarities, labels: pairs.map(({ score }) => score) })
      : undefined;
  return {
    ...(judged && { run: judged, metrics: retrievalIntervals(judged) }),
    ...(similarity && { similarity }),
    ...(findings.curve && { curve: findings.curve }),
  };
}

/** The passages by their words, best first; those that share none are not found. */
export function bm25Hits({ queries, passages }: Pick<RetrievalRows, 'queries' | 'passages'>): Hits[] {
  const words = bm25(passages);
  return queries.map((query) => bestOf(words.scores(query), (score) => score > 0));
}

/** The best `KEPT` of scores by passage; equal scores by ascending passage. */
export function bestOf(scores: Float64Array, found: (score: number) => boolean = () => true): Hits {
  const order = [...scores.keys()]
    .filter((place) => found(scores[place]!))
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, KEPT);
  return {
    documents: Uint32Array.from(order),
    scores: Float32Array.from(order, (place) => scores[place]!),
  };
}

const shown = ({ run: _, ...report }: Judged): RetrievalReport => report;

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
