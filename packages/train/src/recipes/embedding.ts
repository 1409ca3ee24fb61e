import type { Embedding } from '@rag/embedding';
import { embeddingObjective, headParameters } from '@rag/embedding/training';
import type { OpenOptions } from '@rag/runtime';
import type { ResolvedEmbedding } from '../config/embedding-config.js';
import { queryInstruction } from '../config/query-instruction.js';
import { sharedEmbedding } from '../distributed/shared-models.js';
import { embeddingRetriever } from '../evaluate/embedding-retriever.js';
import { openSources } from '../run-files.js';
import { retrieverChance } from '../sentinel/chance-level.js';
import { adapterTraining, type ObjectiveParts } from './adapter-training.js';
import { openEmbeddingData } from './embedding-data.js';
import {
  embeddingFileToSave,
  embeddingLoss,
  openSavedEmbedding,
  temperatureOf,
  wholeEmbedding,
} from './embedding-session.js';
import { withFrozenParts } from './frozen-parts.js';
import { weightNames } from './initial-weights.js';
import { describeModel, savedSource } from './model-source.js';
import type { PreparedTask } from './prepared-task.js';
import { cutsAtVectors } from './retrieval-data.js';
import { type RetrieverEvaluation, retrievalEvaluator } from './retrieval-evaluation.js';
import { describeRows, readRetrievalRows } from './retrieval-rows.js';
import type { RunPlatform } from './run-platform.js';
import { runTask, type TaskRun } from './run-task.js';
import { checkSpecialTokens } from './special-tokens.js';
import { openStartingEmbedding, studentOf } from './starting-embedding.js';
import { textLength } from './text-length.js';
import { checkExport, describeFile, refuseAdapters, withColumns } from './trained-file.js';

/** What a run of `rag train embedding` gave. */
export type EmbeddingRun = TaskRun<RetrieverEvaluation>;

/**
 * Fine-tunes or distils an embedding model: opens model and data, trains, searches `val_dataset` before, between and
 * after, and writes what `runTask` writes.
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export const trainEmbedding = (resolved: ResolvedEmbedding, platform: RunPlatform): Promise<EmbeddingRun> =>
  runTask('embedding', resolved, platform, (opening) => prepareEmbedding(resolved, platform, opening));

/** Opens model and data of an embedding run; trains nothing. */
export async function prepareEmbedding(
  resolved: ResolvedEmbedding,
  platform: RunPlatform,
  opening: OpenOptions,
): Promise<PreparedTask<Embedding, RetrieverEvaluation>> {
  const { config, sources } = resolved;
  const { files, listener } = platform;
  const say = (line: string): void => listener.say(line);
  const base = await openStartingEmbedding(files, config, { ...opening, say });
  const { model } = base;
  try {
    checkSpecialTokens(config.additionalSpecialTokens, model.tokenizer);
    const length = (key: 'query_max_len' | 'passage_max_len', value: number): number =>
      textLength(key, value, sources.get(key), base.config, say);
    const lengths = {
      query: length('query_max_len', config.queryMaxLen),
      passage: length('passage_max_len', config.passageMaxLen),
    };
    const instruction = queryInstruction(config, sources);
    sayPrompts(model.settings.prompts, instruction, say);
    const { data, teacherWidth, lossType } = await openEmbeddingData(
      base,
      { ...config, instruction },
      lengths,
      platform,
    );
    try {
      const demand = { mrlDims: config.useMrl ? config.mrlDims : [] };
      const { start: student, mrlDims } = studentOf(
        base,
        { ...demand, ...(teacherWidth !== undefined && { teacherWidth }) },
        config.seed,
        say,
      );
      const { normalizeEmbeddings } = config;
      const start = normalizeEmbeddings
        ? student
        : { ...student, head: { ...student.head, normalize: false } };
      const { file } = start;
      if (file) checkExport(config.exportOnnx, file);
      if (file) refuseAdapters(config, file);
      say(describeModel(start, config.modelNameOrPath));
      if (file) say(describeFile(file));
      const judged =
        config.valDataset &&
        (await readRetrievalRows(await openSources(files, config.valDataset), instruction));
      if (judged) say(`${config.valDataset!.join(', ')}: ${describeRows(judged)}`);
      if (judged && mrlDims.length > 0 && !normalizeEmbeddings)
        say('mrl_dims: no curve over widths in the evaluation: it is one of cosines, not of inner products');
      // The model is served at the lengths that it was trained and evaluated at; it has one for all texts.
      const { prompts } = model.settings;
      const settings = {
        ...model.settings,
        max_seq_length: Math.max(lengths.query, lengths.passage),
        ...(instruction !== undefined && { prompts: { ...prompts, query: instruction } }),
        ...(!normalizeEmbeddings && { similarity_fn_name: 'dot' }),
      };
      // Prompts stand in the rows.
      const encode = (model: Embedding, maxLength: number) => ({
        prompt: '',
        dim: model.dimension,
        maxLength,
        batchSize: config.evalBatchSize,
      });
      const objective = (how: Partial<ObjectiveParts>) =>
        embeddingObjective({
          config: start.config,
          head: start.head,
          loss: { ...embeddingLoss(lossType, config, teacherWidth), mrlDims },
          gradCache: cutsAtVectors(config, platform.collective),
          ...(file && { hidden: file.rows }),
          ...how,
        });
      const beside = new Set(headParameters(start.head).map(({ name }) => name));
      const training = file
        ? undefined
        : adapterTraining(
            withFrozenParts(config, weightNames(start.weights), beside),
            { ...start, objective, beside, task: 'FEATURE_EXTRACTION' },
            say,
          );
      return {
        start: { ...start, modelType: start.config.model_type },
        model,
        objective: training?.objective ?? objective({}),
        ...(training && { toTrain: training.toTrain }),
        data: file ? { ...data, batches: (...which) => withColumns(data.batches(...which)) } : data,
        sharedModel: sharedEmbedding,
        dataFiles: {
          train: config.trainDataset,
          val: config.valDataset ?? [],
          ...(teacherWidth !== undefined && { vectors: config.trainDatasetVec! }),
        },
        ...(judged && {
          evaluator: retrievalEvaluator<Embedding>(judged, (asked) =>
            embeddingRetriever(asked, {
              queries: encode(asked, lengths.query),
              documents: encode(asked, lengths.passage),
              similarity: normalizeEmbeddings ? 'cosine' : 'dot',
              // The model from before training may be narrower than what is learned; the curve is of cosines.
              mrlDims: normalizeEmbeddings ? mrlDims.filter((width) => width <= asked.dimension) : [],
            }),
          ),
        }),
        ...(!platform.collective && retrieverChance(lossType, config, data.summary)),
        ran: {
          loss_type: lossType,
          ...(lossType !== 'distill' && { temperature: temperatureOf(lossType, config) }),
          query_max_len: lengths.query,
          passage_max_len: lengths.passage,
          pooling: start.head.pooling,
          ...training?.ran,
        },
        toSave: (session) =>
          training
            ? training.toSave(session, (read) => wholeEmbedding({ ...start, settings }, read))
            : embeddingFileToSave({ ...start, settings }, file!, session),
        openSaved: async (path, options) => {
          const source = await savedSource(files, path);
          return openSavedEmbedding(training?.openSaved(source) ?? source, options);
        },
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

/** What stands before queries: the instruction; of the model's prompts none. */
function sayPrompts(
  prompts: Readonly<Record<string, string>>,
  instruction: string | undefined,
  say: (line: string) => void,
): void {
  const own = Object.keys(prompts).filter((name) => prompts[name] !== '');
  const replaced = instruction !== undefined && prompts.query && prompts.query !== instruction;
  if (instruction !== undefined)
    say(
      `instruction: ${JSON.stringify(instruction)} before each query${replaced ? ', saved in place of the model’s prompt "query"' : ''}`,
    );
  else if (own.length > 0)
    say(
      `prompts: ${own.join(', ')} of the model stand before no row, in training and evaluation — say instruction, or write prompt_for_query to rows, if queries will have one`,
    );
}
