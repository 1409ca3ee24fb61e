import { checkAlignment, openDataset, openTeacherVectors, type TeacherVectors, texts } from '@rag/data';
import { Embedding } from '@rag/embedding';
import {
  collateContrastive,
  collateScored,
  collateTexts,
  type EmbeddingLoss,
  embeddingCheckpoint,
  embeddingObjective,
  textEncoder,
} from '@rag/embedding/training';
import { openCheckpoint } from '@rag/models';
import type { CompleteEmbeddingConfig, ResolvedEmbedding } from '../config/embedding-config.js';
import { openSources } from '../run-files.js';
import { findByEmbedding } from './embedding-search.js';
import { describeModel } from './model-source.js';
import { describeData, lossOfRows, openRetrievalExamples, taskData } from './retrieval-data.js';
import { type RetrieverEvaluation, retrievalEvaluator } from './retrieval-evaluation.js';
import { describeRows, readRetrievalRows } from './retrieval-rows.js';
import { type PreparedTask, type RunPlatform, runTask, type TaskData, type TaskRun } from './run-task.js';
import { openStartingEmbedding, type StartingEmbedding, studentOf } from './starting-embedding.js';
import { textLength } from './text-length.js';

/** What a run of `rag train embedding` gave. */
export type EmbeddingRun = TaskRun<RetrieverEvaluation>;

/**
 * Fine-tunes or distils an embedding model: opens model and data, trains, searches `val_dataset` before, between and
 * after, and writes what `runTask` writes.
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export const trainEmbedding = (resolved: ResolvedEmbedding, platform: RunPlatform): Promise<EmbeddingRun> =>
  runTask('embedding', resolved, platform, (threads) => prepare(resolved, platform, threads));

/** Tokens of queries and of passages. */
interface Lengths {
  readonly query: number;
  readonly passage: number;
}

async function prepare(
  resolved: ResolvedEmbedding,
  platform: RunPlatform,
  threads: number,
): Promise<PreparedTask<Embedding, RetrieverEvaluation>> {
  const { config, sources } = resolved;
  const { files, listener } = platform;
  const say = (line: string): void => listener.say(line);
  const base = await openStartingEmbedding(files, config, { threads });
  const { model } = base;
  try {
    const length = (key: 'query_max_len' | 'passage_max_len', value: number): number =>
      textLength(key, value, sources.get(key), base.config, say);
    const lengths = {
      query: length('query_max_len', config.queryMaxLen),
      passage: length('passage_max_len', config.passageMaxLen),
    };
    const { data, teacherWidth, lossType } = await openData(base, config, lengths, platform);
    try {
      const demand = { mrlDims: config.useMrl ? config.mrlDims : [] };
      const { start, mrlDims } = studentOf(
        base,
        { ...demand, ...(teacherWidth !== undefined && { teacherWidth }) },
        config.seed,
        say,
      );
      say(describeModel(start, config.modelNameOrPath));
      const judged =
        config.valDataset && (await readRetrievalRows(await openSources(files, config.valDataset)));
      if (judged) say(`${config.valDataset!.join(', ')}: ${describeRows(judged)}`);
      const search = { lengths, batchSize: config.evalBatchSize, mrlDims };
      return {
        start: { ...start, modelType: start.config.model_type },
        model,
        objective: embeddingObjective({
          config: start.config,
          head: start.head,
          loss: { ...lossOf(lossType, config, teacherWidth), mrlDims },
          gradCache: config.gradCache,
        }),
        data,
        ...(judged && {
          evaluator: retrievalEvaluator<Embedding>(judged, (asked, rows, kept) =>
            findByEmbedding(asked, rows, kept, search),
          ),
        }),
        ran: { loss_type: lossType, query_max_len: lengths.query, passage_max_len: lengths.passage },
        toSave: (session) => {
          const live = new Map(session.weights().map(({ name, data: values }) => [name, values]));
          const read = async (name: string) => live.get(name) as Float32Array<ArrayBuffer>;
          return embeddingCheckpoint({ ...start, pooler: poolerOf(start), read });
        },
        openSaved: (path) => openSaved(platform, path, threads),
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

type LossType = NonNullable<CompleteEmbeddingConfig['lossType']>;

/** The rows as the loss reads them, and the width of the teacher's vectors if there are any. */
async function openData(
  base: StartingEmbedding,
  config: CompleteEmbeddingConfig,
  lengths: Lengths,
  { files, listener }: RunPlatform,
): Promise<{ data: TaskData; teacherWidth?: number; lossType: LossType }> {
  const encoderOf = (length: number) => textEncoder(base.model.tokenizer, base.config, length);
  const chunks = config.gradCache ? { chunkTokens: config.chunkTokens } : {};
  if (config.trainType === 'distill') {
    const { data, teacher } = await openTeacher(config, { files, listener }, (loaded, vectors, dropout) =>
      collateTexts(loaded, { encoder: encoderOf(lengths.passage), teacher: vectors, dropout, ...chunks }),
    );
    return { data, teacherWidth: teacher.width, lossType: 'distill' };
  }
  const lossType = config.lossType ?? (await lossOfRows(files, config.trainDataset));
  const opened = await openRetrievalExamples(
    files,
    config,
    lossType === 'infonce' ? 'contrastive' : 'scored',
  );
  listener.say(describeData(config, opened.dataset));
  const encoders = { queryEncoder: encoderOf(lengths.query), passageEncoder: encoderOf(lengths.passage) };
  const { compat, othersPositives } = config;
  const data =
    opened.kind === 'contrastive'
      ? taskData(opened.dataset, config, (loaded, dropout) =>
          collateContrastive(loaded, {
            ...encoders,
            ...chunks,
            dropout,
            compat,
            ...(othersPositives && { othersPositives }),
          }),
        )
      : taskData(opened.dataset, config, (loaded, dropout) =>
          collateScored(loaded, { ...encoders, ...chunks, dropout }),
        );
  return { data, lossType };
}

type Distilled = Parameters<typeof collateTexts>;

/** Texts and the vectors that a teacher gave them, checked to belong together. */
async function openTeacher(
  config: CompleteEmbeddingConfig,
  { files, listener }: Pick<RunPlatform, 'files' | 'listener'>,
  collate: (
    loaded: Distilled[0],
    teacher: Distilled[1]['teacher'],
    dropout: NonNullable<Distilled[1]['dropout']>,
  ) => ReturnType<typeof collateTexts>,
): Promise<{ data: TaskData; teacher: TeacherVectors }> {
  const dataset = await openDataset(
    await openSources(files, config.trainDataset),
    texts({ compat: config.compat }),
  );
  try {
    listener.say(describeData(config, dataset));
    const width = config.teacherEmbeddingDim;
    const teacher = await openTeacherVectors(await files.openData(config.trainDatasetVec!), {
      rows: dataset.length,
      ...(width !== undefined && { width }),
    });
    try {
      const checked = await checkAlignment(teacher, dataset);
      listener.say(
        `${teacher.name}: ${teacher.rows} vectors of ${teacher.width} elements (${teacher.format}); checked by ${checked === 'hashes' ? 'the hash of each text' : 'their number only'}`,
      );
      const data = taskData(dataset, config, async (loaded, dropout) => {
        const rows = loaded.examples.map(({ row }) => row);
        return collate(loaded, { data: await teacher.read(rows), width: teacher.width }, dropout);
      });
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

function lossOf(
  lossType: LossType,
  { temperature, compat }: CompleteEmbeddingConfig,
  teacherWidth: number | undefined,
): EmbeddingLoss {
  switch (lossType) {
    case 'infonce':
      return { kind: 'in-batch', temperature };
    case 'kl_divergence':
      return { kind: 'scored', temperature, compat };
    case 'margin_mse':
      return { kind: 'margin-mse' };
    case 'cosent':
    case 'angle':
      return { kind: lossType };
    case 'distill':
      return { kind: 'distill', teacherWidth: teacherWidth! };
  }
}

const poolerOf = ({ pooler = new Map() }: StartingEmbedding) =>
  new Map([...pooler].map(([name, data]) => [name, async () => data as Float32Array<ArrayBuffer>]));

async function openSaved({ files }: RunPlatform, path: string, threads: number): Promise<Embedding> {
  const source = await files.openModel(path);
  if (!source)
    throw new Error(`${path}: expected the model that was saved there, got nothing — was it removed?`);
  return Embedding.fromCheckpoint(await openCheckpoint(source), { threads });
}
