import { formatLabelSummary } from '@rag/data';
import { lossByName } from '@rag/losses';
import { longestSequence } from '@rag/models';
import type { CrossEncoder } from '@rag/reranker';
import { pairEncoder, type RerankerLoss } from '@rag/reranker/training';
import type { TrainingSession } from '@rag/runtime';
import { checkpointsOf } from '../checkpoints.js';
import { ConfigError } from '../config/config-error.js';
import type { ResolvedReranker } from '../config/reranker-config.js';
import { formatNotActive } from '../config/resolve.js';
import type { RunFiles } from '../run-files.js';
import { type EpochEvent, type StepEvent, Trainer, type TrainingResult } from '../trainer.js';
import type { JudgedQueries } from './judged-queries.js';
import { openRerankerData, type RerankerData } from './reranker-data.js';
import { openJudgedQueries, type RerankerEvaluation, rerankerEvaluator } from './reranker-evaluation.js';
import {
  modelToSave,
  openSavedModel,
  openTrainingSession,
  rerankerLoss,
  scheduleOf,
} from './reranker-session.js';
import { earlierCheckpoints, type LoggedStep, runRecord, stepLog } from './run-record.js';
import { describeModel, openStartingModel, type StartingModel } from './starting-model.js';

/** Who watches a run. */
export interface RunListener {
  /** A line, or several, worth reading. */
  say(text: string): void;
  /** An update. */
  step(event: StepEvent): void;
}

/** What a run needs from the platform. */
export interface RunPlatform {
  readonly files: RunFiles;
  readonly listener: RunListener;
  /** Threads where the settings name none. */
  readonly threads: number;
  /** Of this package, for run.json. */
  readonly version: string;
  readonly signal?: AbortSignal;
}

/** What a run of `rag train reranker` gave. */
export interface RerankerRun extends TrainingResult {
  /** Directory of the final model. */
  readonly model: string;
  /** Directories of the checkpoints that stand. */
  readonly checkpoints: readonly string[];
  /** Mean losses, one per `log_interval` updates. */
  readonly history: readonly LoggedStep[];
  /** Ranking of `val_dataset`; absent without one. */
  readonly evaluation?: RerankerEvaluation;
}

/** A run whose settings, model and data are known to be good. */
interface PreparedRun {
  readonly resolved: ResolvedReranker;
  readonly platform: RunPlatform;
  readonly threads: number;
  /** Tokens of a pair. */
  readonly maxLength: number;
  readonly loss: RerankerLoss;
  readonly start: StartingModel;
  readonly data: RerankerData;
  readonly judged: JudgedQueries | undefined;
  /** Checkpoints of the run that this one replaces. */
  readonly earlier: readonly string[];
}

/**
 * Fine-tunes a cross-encoder: opens model and data, compiles the objective, trains, evaluates before and after on
 * `val_dataset`, and writes checkpoints, the final model and run.json under `output_dir`.
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export async function trainReranker(resolved: ResolvedReranker, platform: RunPlatform): Promise<RerankerRun> {
  const { config, notActive, sources } = resolved;
  const { files, listener } = platform;
  for (const setting of notActive) listener.say(formatNotActive(setting));
  const earlier = await earlierCheckpoints(files, config.outputDir, config.overwriteOutputDir);
  const threads = config.threads ?? platform.threads;
  const named = lossByName(config.lossType);
  const loss = rerankerLoss(named, config);
  const start = await openStartingModel(files, config, { threads });
  try {
    listener.say(describeModel(start, config.modelNameOrPath));
    const maxLength = lengthOfPairs(config.maxLen, sources.get('max_len'), start);
    if (maxLength < config.maxLen) listener.say(`max_len: ${maxLength}, the positions that the model has`);
    const data = await openRerankerData(files, config, named);
    try {
      listener.say(`${config.trainDataset.join(', ')}: ${formatLabelSummary(data.summary)}`);
      const judged = await openJudgedQueries(files, config, (line) => listener.say(line));
      return await learn({ resolved, platform, threads, maxLength, loss, start, data, judged, earlier });
    } finally {
      await data.close();
    }
  } finally {
    start.model.dispose();
  }
}

/** `max_len`, or without it what the model has positions for, up to the default. */
function lengthOfPairs(maxLen: number, source: string | undefined, { config }: StartingModel): number {
  const longest = longestSequence(config);
  if (source !== undefined && maxLen > longest)
    throw new ConfigError(
      source,
      'max_len',
      `expected max_len up to ${longest}, the positions that the model has, got ${maxLen} — lower it`,
    );
  return Math.min(maxLen, longest);
}

async function learn(run: PreparedRun): Promise<RerankerRun> {
  const { resolved, platform, threads, maxLength, start, data, judged } = run;
  const { config } = resolved;
  const { files, listener } = platform;
  const evaluator = judged && rerankerEvaluator(judged, { maxLength, batchSize: config.evalBatchSize });
  if (evaluator) listener.say(await evaluator.before(start.model));
  start.model.dispose();
  const evaluate = async (path: string, report: (model: CrossEncoder) => Promise<string>): Promise<void> => {
    const model = await openSavedModel(files, path, threads);
    try {
      listener.say(await report(model));
    } finally {
      model.dispose();
    }
  };

  const session = await openTrainingSession(start, config, run.loss, threads);
  try {
    const log = stepLog(config.logInterval);
    const checkpoints = checkpointsOf(files, config.outputDir, {
      most: config.numMaxCheckpoints,
      earlier: run.earlier,
    });
    const endEpoch = async ({ epoch, update, totalUpdates, meanLoss }: EpochEvent): Promise<void> => {
      listener.say(`epoch ${epoch}: loss ${meanLoss.toFixed(4)}`);
      if (!config.saveOnEpochEnd) return;
      const state = { epoch, update, total_updates: totalUpdates, loss: meanLoss, seed: config.seed };
      const { path } = await checkpoints.save(epoch, modelToSave(start, session), state);
      listener.say(`checkpoint: ${path}`);
      // The last epoch's model is the final one, which is evaluated below.
      if (evaluator && epoch + 1 < config.epochs)
        await evaluate(path, (model) => evaluator.epoch(model, epoch));
    };
    const trainer = await rerankerTrainer(run, session, {
      step: (event) => {
        log.add(event);
        listener.step(event);
      },
      endEpoch,
    });
    const result = await trainer.run();
    const model = `${config.outputDir}/model`;
    await files.saveModel(model, modelToSave(start, session));
    listener.say(`final model: ${model}`);
    if (evaluator) await evaluate(model, (tuned) => evaluator.after(tuned));
    const evaluation = evaluator?.result();
    const outcome = { result, history: log.entries, checkpoints: checkpoints.kept, evaluation };
    const facts = { version: platform.version, threads, maxLength, data, judged, start };
    await files.writeText(`${config.outputDir}/run.json`, runRecord(resolved, facts, outcome));
    const paths = checkpoints.kept.map((name) => `${checkpoints.folder}/${name}`);
    return { ...result, model, checkpoints: paths, history: log.entries, ...(evaluation && { evaluation }) };
  } finally {
    session.dispose();
  }
}

async function rerankerTrainer(
  { resolved: { config }, platform, maxLength, start, data }: PreparedRun,
  session: TrainingSession,
  on: { step(event: StepEvent): void; endEpoch(event: EpochEvent): Promise<void> },
): Promise<Trainer> {
  const encoder = pairEncoder(start.model.tokenizer, start.config, maxLength);
  const inputs = await session.inputs();
  const task = {
    batchesPerEpoch: data.batchesPerEpoch,
    batches: (epoch: number, updateOf: (batch: number) => number) =>
      data.batches(epoch, (batch) => ({
        encoder,
        dropout: { seed: config.seed, update: updateOf(batch), inputs },
      })),
  };
  return new Trainer(session, task, {
    epochs: config.epochs,
    accumulation: config.gradientAccumulationSteps,
    learningRate: config.lr,
    schedule: (total) => scheduleOf(config, total),
    onStep: on.step,
    onEpochEnd: on.endEpoch,
    ...(platform.signal && { signal: platform.signal }),
  });
}
