import { ColBERT } from '@rag/colbert';
import type { ByteSource } from '@rag/data';
import { Embedding } from '@rag/embedding';
import type { MeanInterval } from '@rag/eval';
import { Reranker } from '@rag/reranker';
import { ConfigError } from '../config/config-error.js';
import { colbertRetriever } from '../evaluate/colbert-retriever.js';
import { collectionOfRows } from '../evaluate/collection.js';
import { embeddingRetriever } from '../evaluate/embedding-retriever.js';
import { evaluateCollection } from '../evaluate/evaluate-collection.js';
import type { Retriever } from '../evaluate/retriever.js';
import { readJudgedQueries } from '../recipes/judged-queries.js';
import { rankingMetrics, reportModel } from '../recipes/ranking-report.js';
import { retrievalMetrics } from '../recipes/retrieval-evaluation.js';
import { type RetrievalRows, readRetrievalRows } from '../recipes/retrieval-rows.js';
import { colbertScores, cosineScores, rankingLoss, type Scores, searchLoss } from './example-loss.js';

/** How models are opened and run. */
export interface MixTaskOptions {
  readonly threads?: number;
  readonly batchSize?: number;
}

/** What a model is worth, by the names of metrics. */
export type Metrics = Readonly<Record<string, MeanInterval>>;

/** Losses and metrics of the models of a task; a model is a directory or a name of the hub. */
export interface MixTask {
  readonly metrics: readonly string[];
  /** Reads example rows; the result gives a model's loss on them. */
  loss(examples: readonly ByteSource[], options: MixTaskOptions): Promise<(model: string) => Promise<number>>;
  /** Reads held-out rows; the result gives a model's metrics on them, as `rag eval` does. */
  judge(rows: readonly ByteSource[], options: MixTaskOptions): Promise<(model: string) => Promise<Metrics>>;
}

export const MIX_TASKS = ['reranker', 'embedding', 'colbert'] as const;
export type MixTaskName = (typeof MIX_TASKS)[number];

async function withModel<Model extends { dispose(): void }, T>(
  opening: Promise<Model>,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  const model = await opening;
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

const openOptions = ({ threads }: MixTaskOptions) => (threads === undefined ? {} : { threads });
const batches = ({ batchSize }: MixTaskOptions) => (batchSize === undefined ? {} : { batchSize });

const reranker: MixTask = {
  metrics: rankingMetrics,
  async loss(examples, options) {
    const { queries } = await readJudgedQueries(examples);
    return (name) =>
      withModel(Reranker.fromPretrained(name, { ...openOptions(options), newHead: false }), (model) =>
        rankingLoss(queries, (pairs) => model.computeScore(pairs, batches(options))),
      );
  },
  async judge(rows, options) {
    const { queries } = await readJudgedQueries(rows);
    return (name) =>
      withModel(
        Reranker.fromPretrained(name, { ...openOptions(options), newHead: false }),
        async (model) => (await reportModel(model, queries, batches(options))).metrics,
      );
  },
};

/** A task whose models search. */
function retrieverTask<Model extends { dispose(): void }>(
  open: (name: string, options: MixTaskOptions) => Promise<Model>,
  scoresOf: (model: Model, rows: RetrievalRows, options: MixTaskOptions) => Promise<Scores>,
  retrieverOf: (model: Model, options: MixTaskOptions) => Retriever,
): MixTask {
  const read = async (sources: readonly ByteSource[]): Promise<RetrievalRows> => {
    const rows = await readRetrievalRows(sources);
    if (rows.qrels.size > 0) return rows;
    throw new ConfigError(
      sources.map(({ name }) => name).join(', '),
      undefined,
      'expected rows {query, pos, neg}, got scored rows alone — give rows with positives',
    );
  };
  return {
    metrics: retrievalMetrics,
    async loss(examples, options) {
      const rows = await read(examples);
      return (name) =>
        withModel(open(name, options), async (model) =>
          searchLoss(rows, await scoresOf(model, rows, options)),
        );
    },
    async judge(sources, options) {
      const collection = collectionOfRows(await read(sources));
      return (name) =>
        withModel(open(name, options), async (model) => {
          const { systems } = await evaluateCollection(collection, retrieverOf(model, options), {
            metrics: retrievalMetrics,
            topK: 100,
            bm25: false,
            leaveOutSameId: false,
          });
          return systems[0]!.intervals;
        });
    },
  };
}

/** Rows bring their own prompts. */
const noPrompt = { prompt: '' };

const embedding = retrieverTask<Embedding>(
  (name, options) => Embedding.fromPretrained(name, openOptions(options)),
  async (model, { queries, passages }, options) => {
    const encode = (texts: readonly string[]) => model.encode(texts, { ...noPrompt, ...batches(options) });
    return cosineScores(await encode(queries), await encode(passages));
  },
  (model, options) =>
    embeddingRetriever(model, {
      queries: { ...noPrompt, ...batches(options) },
      documents: { ...noPrompt, ...batches(options) },
      similarity: model.settings.similarity_fn_name?.startsWith('dot') ? 'dot' : 'cosine',
      mrlDims: [],
    }),
);

const colbert = retrieverTask<ColBERT>(
  (name, options) => ColBERT.fromPretrained(name, { ...openOptions(options), newHead: false }),
  async (model, { queries, passages }, options) =>
    colbertScores(
      model,
      await model.encodeQueries(queries, batches(options)),
      await model.encodePassages(passages, batches(options)),
    ),
  (model, options) => colbertRetriever(model, { queries: batches(options), documents: batches(options) }),
);

/** One per class of models. */
export const mixTasks: Readonly<Record<MixTaskName, MixTask>> = { reranker, embedding, colbert };
