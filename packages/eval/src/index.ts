export { averagePrecision } from './average-precision.js';
export type { Hits } from './best-hits.js';
export { type BlockProduct, blockProduct } from './block-product.js';
export { type Bm25, type Bm25Options, bm25 } from './bm25.js';
export { bootstrapMean, type MeanInterval, type PairedDifference, pairedBootstrap } from './bootstrap.js';
export { type Chance, chance } from './chance.js';
export { compareRetrieval, retrievalIntervals } from './compare-retrieval.js';
export { pearson, spearman } from './correlation.js';
export { evaluateRanking, type RankingEvaluation, type WithoutPositive } from './evaluate-ranking.js';
export { evaluateRetrieval, type RetrievalEvaluation, type RetrievalOptions } from './evaluate-retrieval.js';
export {
  evaluateSimilarity,
  type SimilarityEvaluation,
  type SimilarityScores,
  type SimilarityVectors,
} from './evaluate-similarity.js';
export {
  type BeirCollection,
  type BeirDocument,
  type BeirQuery,
  beirText,
  readBeir,
  readBeirCorpus,
  readBeirQrels,
  readBeirQueries,
} from './formats/beir.js';
export { LineError } from './formats/line-error.js';
export { type Lines, textLines } from './formats/lines.js';
export { formatQrels, parseQrels } from './formats/trec-qrels.js';
export { formatRun, type ParsedRun, parseRun } from './formats/trec-run.js';
export { hitRate } from './hit-rate.js';
export type { Interval, ResampleOptions } from './interval.js';
export { macroAverage } from './macro-average.js';
export { truncateVectors } from './matrix.js';
export { type Metric, type MetricName, metricNamed } from './metric.js';
export { type MrlPoint, type MrlRetrieval, type MrlSimilarity, mrlCurve } from './mrl-curve.js';
export { mrr } from './mrr.js';
export { type Gain, ndcg } from './ndcg.js';
export { type Outcomes, outcomes } from './outcomes.js';
export { precision } from './precision.js';
export { type JudgedQuery, type Ranking, rank, type TieGroup } from './ranking.js';
export { recall } from './recall.js';
export { type Qrels, type Run, runFromHits, trecOrder } from './run.js';
export { tokenize } from './tokenize.js';
export { type TopKOptions, topK, type VectorBlocks } from './top-k.js';
