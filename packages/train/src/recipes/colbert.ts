import { ColBERT, packVectors } from '@rag/colbert';
import {
  type ColbertLoss,
  colbertCheckpoint,
  colbertObjective,
  collateContrastive,
  collateScored,
  textEncoder,
} from '@rag/colbert/training';
import { openCheckpoint } from '@rag/models';
import type { CompleteColbertConfig, ResolvedColbert } from '../config/colbert-config.js';
import { openSources } from '../run-files.js';
import { describeModel } from './model-source.js';
import { describeData, lossOfRows, openRetrievalExamples, taskData } from './retrieval-data.js';
import {
  bestOf,
  type Findings,
  type RetrieverEvaluation,
  retrievalEvaluator,
} from './retrieval-evaluation.js';
import { describeRows, type RetrievalRows, readRetrievalRows } from './retrieval-rows.js';
import { type PreparedTask, type RunPlatform, runTask, type TaskData, type TaskRun } from './run-task.js';
import { openStartingColbert, type StartingColbert } from './starting-colbert.js';
import { textLength } from './text-length.js';

/** What a run of `rag train colbert` gave. */
export type ColbertRun = TaskRun<RetrieverEvaluation>;

/**
 * Fine-tunes a ColBERT model: opens model and data, trains, searches `val_dataset` before, between and after, and writes
 * what `runTask` writes.
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export const trainColbert = (resolved: ResolvedColbert, platform: RunPlatform): Promise<ColbertRun> =>
  runTask('colbert', resolved, platform, (threads) => prepare(resolved, platform, threads));

async function prepare(
  { config, sources }: ResolvedColbert,
  platform: RunPlatform,
  threads: number,
): Promise<PreparedTask<ColBERT, RetrieverEvaluation>> {
  const { files, listener } = platform;
  const say = (line: string): void => listener.say(line);
  const opened = await openStartingColbert(files, config, { threads });
  const { model } = opened;
  try {
    say(describeModel(opened, config.modelNameOrPath));
    const length = (key: 'query_max_len' | 'passage_max_len', value: number): number =>
      textLength(key, value, sources.get(key), opened.config, say);
    // The lengths that it is trained at are those that it is served at.
    const settings = {
      ...opened.settings,
      query_length: length('query_max_len', config.queryMaxLen),
      document_length: length('passage_max_len', config.passageMaxLen),
    };
    const start = { ...opened, settings };
    const { data, lossType } = await openData(start, config, platform);
    try {
      const judged =
        config.valDataset && (await readRetrievalRows(await openSources(files, config.valDataset)));
      if (judged) say(`${config.valDataset!.join(', ')}: ${describeRows(judged)}`);
      return {
        start: { ...start, modelType: start.config.model_type },
        model,
        objective: colbertObjective({
          config: start.config,
          settings,
          loss: lossOf(lossType, config),
          gradCache: config.gradCache,
        }),
        data,
        ...(judged && {
          evaluator: retrievalEvaluator<ColBERT>(judged, (asked, rows) =>
            findByColbert(asked, rows, {
              query: settings.query_length,
              passage: settings.document_length,
              batchSize: config.evalBatchSize,
            }),
          ),
        }),
        ran: {
          loss_type: lossType,
          query_max_len: settings.query_length,
          passage_max_len: settings.document_length,
          colbert_dim: model.dimension,
        },
        toSave: (session) => {
          const live = new Map(session.weights().map(({ name, data: values }) => [name, values]));
          const read = async (name: string) => live.get(name) as Float32Array<ArrayBuffer>;
          return colbertCheckpoint({ ...start, read });
        },
        openSaved: (path) => openSaved(platform, path, { threads, compat: config.compat }),
      };
    } catch (error) {
      await data.close();
      throw error;
    }
  } catch (error) {
    model.dispose();
    throw error;
  }
}

type LossType = NonNullable<CompleteColbertConfig['lossType']>;

async function openData(
  { model, config: encoder, settings }: StartingColbert,
  config: CompleteColbertConfig,
  { files, listener }: RunPlatform,
): Promise<{ data: TaskData; lossType: LossType }> {
  const lossType = config.lossType ?? (await lossOfRows(files, config.trainDataset));
  const opened = await openRetrievalExamples(
    files,
    config,
    lossType === 'infonce' ? 'contrastive' : 'scored',
  );
  listener.say(describeData(config, opened.dataset));
  const { compat, othersPositives } = config;
  const options = {
    encoder: textEncoder(model.tokenizer, encoder, settings),
    compat,
    ...(othersPositives && { othersPositives }),
    ...(config.gradCache && { chunkTokens: config.chunkTokens }),
  };
  const data =
    opened.kind === 'contrastive'
      ? taskData(opened.dataset, config, (loaded, dropout) =>
          collateContrastive(loaded, { ...options, dropout }),
        )
      : taskData(opened.dataset, config, (loaded, dropout) => collateScored(loaded, { ...options, dropout }));
  return { data, lossType };
}

const lossOf = (lossType: LossType, { temperature }: CompleteColbertConfig): ColbertLoss => ({
  kind: lossType === 'infonce' ? 'in-batch' : 'scored',
  temperature,
});

/** What a ColBERT model makes of held-out rows: MaxSim of every query with every passage. */
export async function findByColbert(
  model: ColBERT,
  { queries, passages, qrels, pairs }: RetrievalRows,
  lengths: { readonly query: number; readonly passage: number; readonly batchSize: number },
): Promise<Findings> {
  const { batchSize } = lengths;
  const asked = await model.encodeQueries(queries, { maxLength: lengths.query, batchSize });
  const documents = packVectors(
    await model.encodePassages(passages, { maxLength: lengths.passage, batchSize }),
  );
  const similarities: number[] = [];
  for (const { query, passage } of pairs)
    similarities.push((await model.scoreVectors([asked[query]!], [documents[passage]!]))[0]!);
  if (qrels.size === 0) return { hits: [], similarities };
  const hits = [];
  for (const query of asked) hits.push(bestOf(await model.scoreVectors([query], documents)));
  return { hits, similarities };
}

async function openSaved(
  { files }: RunPlatform,
  path: string,
  options: { readonly threads: number; readonly compat: boolean },
): Promise<ColBERT> {
  const source = await files.openModel(path);
  if (!source)
    throw new Error(`${path}: expected the model that was saved there, got nothing — was it removed?`);
  return ColBERT.fromCheckpoint(await openCheckpoint(source), { ...options, newHead: false });
}
