import { type TeacherVectors, texts } from '@rag/data';
import type { Embedding } from '@rag/embedding';
import {
  collateContrastive,
  collateScored,
  collateTexts,
  embeddingObjective,
  headParameters,
  textEncoder,
} from '@rag/embedding/training';
import type { OpenOptions } from '@rag/runtime';
import type { CompleteEmbeddingConfig, ResolvedEmbedding } from '../config/embedding-config.js';
import { queryInstruction } from '../config/query-instruction.js';
import { embeddingRetriever } from '../evaluate/embedding-retriever.js';
import { openSources } from '../run-files.js';
import { adapterTraining, type ObjectiveParts } from './adapter-training.js';
import {
  embeddingFileToSave,
  embeddingLoss,
  type LossType,
  openSavedEmbedding,
  temperatureOf,
  wholeEmbedding,
} from './embedding-session.js';
import { withFrozenParts } from './frozen-parts.js';
import { weightNames } from './initial-weights.js';
import { describeModel, savedSource } from './model-source.js';
import type { PreparedTask, TaskData } from './prepared-task.js';
import {
  type BatchContext,
  chunksOf,
  describeData,
  lossOf,
  openContrastive,
  openExamples,
  openScored,
  taskData,
} from './retrieval-data.js';
import { type RetrieverEvaluation, retrievalEvaluator } from './retrieval-evaluation.js';
import { describeRows, readRetrievalRows } from './retrieval-rows.js';
import type { RunPlatform } from './run-platform.js';
import { runTask, type TaskRun } from './run-task.js';
import { checkSpecialTokens } from './special-tokens.js';
import { openStartingEmbedding, type StartingEmbedding, studentOf } from './starting-embedding.js';
import { openTeacherFile } from './teacher-file.js';
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

/** Tokens of queries and of passages. */
interface Lengths {
  readonly query: number;
  readonly passage: number;
}

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
    const { data, teacherWidth, lossType } = await openData(
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
          gradCache: config.gradCache,
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

/** The rows as the loss reads them, by the instruction as it stands before queries, and the width of the teacher's vectors if there are any. */
async function openData(
  base: StartingEmbedding,
  config: CompleteEmbeddingConfig,
  lengths: Lengths,
  { files, listener, collective }: RunPlatform,
): Promise<{ data: TaskData; teacherWidth?: number; lossType: LossType }> {
  const encoderOf = (length: number) => textEncoder(base.model.tokenizer, base.config, length);
  const chunks = chunksOf(config);
  if (config.trainType === 'distill') {
    const { data, teacher } = await openTeacher(
      config,
      { files, listener, collective },
      (loaded, vectors, how) =>
        collateTexts(loaded, { encoder: encoderOf(lengths.passage), teacher: vectors, ...how, ...chunks }),
    );
    return { data, teacherWidth: teacher.width, lossType: 'distill' };
  }
  const lossType = await lossOf(files, config);
  const encoders = { queryEncoder: encoderOf(lengths.query), passageEncoder: encoderOf(lengths.passage) };
  const { compat, othersPositives } = config;
  if (lossType === 'infonce') {
    const dataset = await openContrastive(files, config, config.instruction);
    listener.say(describeData(config, dataset));
    const options = { ...encoders, ...chunks, compat, ...(othersPositives && { othersPositives }) };
    const data = taskData(
      dataset,
      config,
      (loaded, context) => collateContrastive(loaded, { ...options, ...context }),
      collective,
    );
    return { data, lossType };
  }
  const overBatch = lossType === 'kl_divergence' && compat;
  const comparesLists = lossType === 'kl_divergence' || lossType === 'margin_mse';
  const unit = overBatch ? 'passage' : comparesLists ? 'comparable list' : 'list';
  const { dataset, notes } = await openScored(files, config, unit, config.instruction);
  for (const line of [describeData(config, dataset), ...notes]) listener.say(line);
  const data = taskData(
    dataset,
    config,
    (loaded, { ownAlone: _, ...how }) => collateScored(loaded, { ...encoders, ...chunks, ...how }),
    collective,
  );
  return { data, lossType };
}

type Distilled = Parameters<typeof collateTexts>;

/** Texts and the vectors that a teacher gave them, checked to belong together. */
async function openTeacher(
  config: CompleteEmbeddingConfig,
  { files, listener, collective }: Pick<RunPlatform, 'files' | 'listener' | 'collective'>,
  collate: (
    loaded: Distilled[0],
    teacher: Distilled[1]['teacher'],
    how: Pick<Distilled[1], 'dropout' | 'gather'>,
  ) => ReturnType<typeof collateTexts>,
): Promise<{ data: TaskData; teacher: TeacherVectors }> {
  const dataset = await openExamples(files, config, texts({ compat: config.compat }));
  try {
    listener.say(describeData(config, dataset));
    const { vectors: teacher, checked } = await openTeacherFile(files, config, dataset);
    try {
      listener.say(
        `${teacher.name}: ${teacher.rows} vectors of ${teacher.width} elements (${teacher.format}); checked by ${checked === 'hashes' ? 'the hash of each text' : 'their number only'}`,
      );
      const collateRows = async (loaded: Distilled[0], { ownAlone: _, ...how }: BatchContext) => {
        const rows = loaded.examples.map(({ row }) => row);
        return collate(loaded, { data: await teacher.read(rows), width: teacher.width }, how);
      };
      const data = taskData(dataset, config, collateRows, collective);
      const close = async (): Promise<void> => {
        await teacher.close();
        await dataset.close();
      };
      return { data: { ...data, close }, teacher };
    } catch (error) {
      await teacher.close();
      throw error;
    }
  } catch (error) {
    await dataset.close();
    throw error;
  }
}
