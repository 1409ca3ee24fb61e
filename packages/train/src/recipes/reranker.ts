import { formatLabelSummary } from '@rag/data';
import { lossByName } from '@rag/losses';
import type { Reranker } from '@rag/reranker';
import { rerankerObjective, type Scores, type TextCuts } from '@rag/reranker/training';
import type { OpenOptions } from '@rag/runtime';
import { pairLengths } from '../config/pair-lengths.js';
import type { ResolvedReranker } from '../config/reranker-config.js';
import { sharedReranker } from '../distributed/shared-models.js';
import { chanceLevel } from '../sentinel/chance-level.js';
import { adapterTraining, type ObjectiveParts } from './adapter-training.js';
import { describeModel, savedSource } from './model-source.js';
import type { PreparedTask } from './prepared-task.js';
import { openRerankerData } from './reranker-data.js';
import { openJudgedQueries, type RerankerEvaluation, rerankerEvaluator } from './reranker-evaluation.js';
import { adapterTask, fileToSave, openSavedModel, rerankerLoss, wholeModel } from './reranker-session.js';
import type { RunPlatform } from './run-platform.js';
import { runTask, type TaskRun } from './run-task.js';
import { openStartingModel } from './starting-model.js';
import { textLength } from './text-length.js';
import { checkExport, describeFile, refuseAdapters, withColumns } from './trained-file.js';

/** What a run of `rag train reranker` gave. */
export type RerankerRun = TaskRun<RerankerEvaluation>;

/**
 * Fine-tunes a cross-encoder: opens model and data, trains, ranks `val_dataset` before, between and after, and writes
 * what `runTask` writes.
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export const trainReranker = (resolved: ResolvedReranker, platform: RunPlatform): Promise<RerankerRun> =>
  runTask('reranker', resolved, platform, (opening) => prepareReranker(resolved, platform, opening));

/** Opens model and data of a reranker run; trains nothing. */
export async function prepareReranker(
  { config, sources }: ResolvedReranker,
  { files, listener, collective }: RunPlatform,
  opening: OpenOptions,
): Promise<PreparedTask<Reranker, RerankerEvaluation>> {
  const named = lossByName(config.lossType);
  const loss = rerankerLoss(named, config);
  const start = await openStartingModel(files, config, opening);
  try {
    const { file } = start;
    if (file) checkExport(config.exportOnnx, file);
    listener.say(describeModel(start, config.modelNameOrPath));
    if (file) listener.say(describeFile(file));
    const say = (line: string): void => listener.say(line);
    const { maxLength, cuts } = lengthsOf({ config, sources }, start.config, say);
    const data = await openRerankerData(files, config, named, collective);
    try {
      listener.say(`${config.trainDataset.join(', ')}: ${formatLabelSummary(data.summary)}`);
      const judged = await openJudgedQueries(files, config, say);
      const { parts } = start.model;
      const encoder = parts.encoder(maxLength, cuts);
      const scores: Scores = file ? (_, inputs) => file.output(inputs) : (parts.whole ?? parts.scores);
      const objective = (how: Partial<ObjectiveParts>) =>
        rerankerObjective({ config: start.config, loss, scores, ...how });
      if (file) refuseAdapters(config, file);
      const training = file
        ? undefined
        : adapterTraining(config, { ...start, objective, task: adapterTask(start.kind) }, say);
      return {
        start: { ...start, modelType: start.config.model_type },
        model: start.model,
        decoder: start.kind !== 'cross-encoder',
        objective: training?.objective ?? objective({}),
        ...(training && { toTrain: training.toTrain }),
        data: {
          ...data,
          batches: (epoch, dropout, from) => {
            const batches = data.batches(epoch, (batch) => ({ encoder, dropout: dropout(batch) }), from);
            return file ? withColumns(batches) : batches;
          },
        },
        ...(judged && {
          evaluator: rerankerEvaluator(judged, { maxLength, batchSize: config.evalBatchSize }),
        }),
        ...chanceOf(config),
        ran: { max_len: maxLength, ...training?.ran },
        sharedModel: sharedReranker,
        dataFiles: { train: config.trainDataset, val: config.valDataset ?? [] },
        toSave: (session) =>
          training
            ? training.toSave(session, (read) => wholeModel({ ...start, maxLength }, read))
            : fileToSave({ ...start, maxLength }, session),
        openSaved: async (path, options) => {
          const source = await savedSource(files, path);
          return openSavedModel(training?.openSaved(source) ?? source, options);
        },
      };
    } catch (error) {
      await data.close();
      throw error;
    }
  } catch (error) {
    start.model.dispose();
    throw error;
  }
}

/** Tokens of a pair, and of its texts. @throws ConfigError for more than the model has positions, where they were asked for */
function lengthsOf(
  { config, sources }: Pick<ResolvedReranker, 'config' | 'sources'>,
  model: Parameters<typeof textLength>[3],
  say: (line: string) => void,
): { maxLength: number; cuts?: TextCuts } {
  const { pair, cuts } = pairLengths(config);
  if (!cuts) return { maxLength: textLength('max_len', pair, sources.get('max_len'), model, say) };
  const source = sources.get('passage_max_len') ?? sources.get('query_max_len');
  return { maxLength: textLength('query_max_len + passage_max_len', pair, source, model, say), cuts };
}

/** Where the loss of a model stands that gives all pairs one score; a teacher's part has a level of its own. */
function chanceOf({ lossType, trainGroupSize, knowledgeDistillation }: ResolvedReranker['config']) {
  const chance = knowledgeDistillation ? undefined : chanceLevel(lossType, trainGroupSize);
  return chance && { chance };
}
