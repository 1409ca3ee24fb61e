import { type TeacherVectors, texts } from '@rag/data';
import { collateContrastive, collateScored, collateTexts, textEncoder } from '@rag/embedding/training';
import type { CompleteEmbeddingConfig } from '../config/embedding-config.js';
import type { LossType } from './embedding-session.js';
import type { TaskData } from './prepared-task.js';
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
import type { RunPlatform } from './run-platform.js';
import type { StartingEmbedding } from './starting-embedding.js';
import { openTeacherFile } from './teacher-file.js';

/** Tokens of queries and of passages. */
export interface Lengths {
  readonly query: number;
  readonly passage: number;
}

/**
 * The rows as the loss reads them, by the instruction as it stands before queries, and the width of the teacher's vectors if there are any.
 * @throws DataError for rows that it cannot read, ConfigError where they do not fit the settings
 */
export async function openEmbeddingData(
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
