import { formatLabelSummary } from '@rag/data';
import { lossByName, type NamedLoss } from '@rag/losses';
import { encoderConfigToJson, openCheckpoint } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { CrossEncoder } from '@rag/reranker';
import { longestSequence, pairEncoder, type RerankerLoss, rerankerObjective } from '@rag/reranker/training';
import { compile, TrainingSession } from '@rag/runtime';
import { type Checkpoints, checkpointsOf } from '../checkpoints.js';
import type { CompleteRerankerConfig, ResolvedReranker } from '../config/reranker-config.js';
import { formatNotActive } from '../config/resolve.js';
import type { RunFiles } from '../run-files.js';
import { type Decay, type Schedule, schedule } from '../schedule.js';
import { type StepEvent, Trainer, type TrainingResult } from '../trainer.js';
import { openRerankerData, usesTeacher } from './reranker-data.js';
import { openJudgedQueries, type RerankerEvaluation, rerankerEvaluator } from './reranker-evaluation.js';
import { earlierCheckpoints, type LoggedStep, runRecord, stepLog } from './run-record.js';
import { openStartingModel, type StartingModel } from './starting-model.js';

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

/**
 * Fine-tunes a cross-encoder: opens model and data, compiles the objective, trains, evaluates before and after on
 * `val_dataset`, and writes checkpoints, the final model and run.json under `output_dir`.
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export async function trainReranker(resolved: ResolvedReranker, platform: RunPlatform): Promise<RerankerRun> {
  const { config, notActive } = resolved;
  const { files, listener } = platform;
  const { outputDir } = config;
  for (const setting of notActive) listener.say(formatNotActive(setting));
  const threads = config.threads ?? platform.threads;
  const earlier = await earlierCheckpoints(files, outputDir, config.overwriteOutputDir);
  const named = lossByName(config.lossType);
  const data = await openRerankerData(files, config, named);
  const opened: { dispose(): void }[] = [];
  try {
    listener.say(`${config.trainDataset.join(', ')}: ${formatLabelSummary(data.summary)}`);
    const judged = await openJudgedQueries(files, config, (line) => listener.say(line));
    const loss = rerankerLoss(named, config);
    const start = await openStartingModel(files, config, { threads, loss });
    opened.push(start.model);
    listener.say(describeModel(start, config));
    const maxLength = resolved.sources.has('max_len')
      ? config.maxLen
      : Math.min(config.maxLen, longestSequence(start.config));
    const encoder = pairEncoder(start.model.tokenizer, start.config, maxLength);
    const evaluator = judged && rerankerEvaluator(judged, { maxLength, batchSize: config.evalBatchSize });
    if (evaluator) listener.say(await evaluator.before(start.model));
    start.model.dispose();

    const session = await openSession(start, config, loss, threads);
    opened.push(session);
    const inputs = await session.inputs();
    const log = stepLog(config.logInterval);
    const checkpoints = checkpointsOf(files, outputDir, { most: config.numMaxCheckpoints, earlier });
    const record = runRecord(resolved, {
      version: platform.version,
      threads,
      maxLength,
      data,
      judged,
      start,
    });
    const trainer = new Trainer(
      session,
      {
        batchesPerEpoch: data.batchesPerEpoch,
        batches: (epoch, updateOf) =>
          data.batches(epoch, (batch) => ({
            encoder,
            dropout: { seed: config.seed, update: updateOf(batch), inputs },
          })),
      },
      {
        epochs: config.epochs,
        accumulation: config.gradientAccumulationSteps,
        learningRate: config.lr,
        schedule: (total) => scheduleOf(config, total),
        onStep: (event) => {
          log.add(event);
          listener.step(event);
        },
        onEpochEnd: async ({ epoch, update, meanLoss }) => {
          if (!config.saveOnEpochEnd) return;
          const state = {
            epoch,
            update,
            total_updates: trainer.totalUpdates,
            loss: meanLoss,
            seed: config.seed,
          };
          const { path } = await checkpoints.save(epoch, modelToSave(start, session), state);
          listener.say(`epoch ${epoch}: loss ${meanLoss.toFixed(4)}, saved ${path}`);
          // The last epoch is the final model, which is evaluated below.
          if (evaluator && epoch + 1 < config.epochs)
            listener.say(await withModel(files, path, threads, (model) => evaluator.epoch(model, epoch)));
        },
        ...(platform.signal && { signal: platform.signal }),
      },
    );
    const result = await trainer.run();
    const model = `${outputDir}/model`;
    await files.saveModel(model, modelToSave(start, session));
    listener.say(`final model: ${model}`);
    if (evaluator) listener.say(await withModel(files, model, threads, (tuned) => evaluator.after(tuned)));
    const evaluation = evaluator?.result();
    await files.writeText(
      `${outputDir}/run.json`,
      record({ result, history: log.entries, checkpoints: checkpoints.kept, evaluation }),
    );
    return {
      ...result,
      model,
      checkpoints: pathsOf(outputDir, checkpoints),
      history: log.entries,
      ...(evaluation && { evaluation }),
    };
  } finally {
    for (const one of opened) one.dispose();
    await data.close();
  }
}

/** The loss as the objective takes it. */
export function rerankerLoss(loss: NamedLoss, config: CompleteRerankerConfig): RerankerLoss {
  if (loss.kind === 'pointwise') return loss;
  return { kind: 'group', loss: loss.loss, teacher: usesTeacher(loss, config) };
}

/** Warm-up, plateau and decay of the settings over a run of `total` updates. */
export function scheduleOf(
  config: Pick<
    CompleteRerankerConfig,
    'lrSchedulerType' | 'warmupProportion' | 'warmupSteps' | 'stableProportion'
  >,
  total: number,
): Schedule {
  return schedule({
    decay: config.lrSchedulerType satisfies Decay,
    total,
    warmup: config.warmupSteps ?? Math.floor(total * config.warmupProportion),
    stable: Math.floor(total * config.stableProportion),
  });
}

async function openSession(
  { config: model, weights }: StartingModel,
  { weightDecay, maxGradNorm, adamBeta1, adamBeta2, adamEpsilon }: CompleteRerankerConfig,
  loss: RerankerLoss,
  threads: number,
): Promise<TrainingSession> {
  const plan = compile(rerankerObjective({ config: model, loss }), {
    initial: (name) => weights.get(name)!,
    optimizer: {
      weightDecay,
      beta1: adamBeta1,
      beta2: adamBeta2,
      epsilon: adamEpsilon,
      ...(maxGradNorm > 0 && { maxGradNorm }),
    },
  });
  return TrainingSession.create(plan, { provider: 'cpu', threads });
}

/** The model as it stands: the tensors are views of the live state. */
function modelToSave({ config, tokenizerFiles }: StartingModel, session: TrainingSession): CheckpointToSave {
  return {
    config: encoderConfigToJson(config),
    files: { ...tokenizerFiles },
    tensors: session
      .weights()
      .map(({ name, shape, data }) => ({ name, shape, data: data as Float32Array<ArrayBuffer> })),
  };
}

/** Opens a model that was just written, as its user will. */
async function withModel<T>(
  files: RunFiles,
  path: string,
  threads: number,
  use: (model: CrossEncoder) => Promise<T>,
): Promise<T> {
  const source = await files.openModel(path);
  if (!source)
    throw new Error(`${path}: expected the model that was saved there, got nothing — was it removed?`);
  const model = await CrossEncoder.fromCheckpoint(await openCheckpoint(source), { newHead: false, threads });
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

function describeModel({ config, weights, fresh }: StartingModel, settings: CompleteRerankerConfig): string {
  const { model_type, num_hidden_layers, hidden_size } = config;
  const parameters = [...weights.values()].reduce((sum, { length }) => sum + length, 0);
  const all = fresh.length === weights.size;
  const started = fresh.length === 0 ? '' : `; fresh: ${all ? 'every weight' : fresh.join(', ')}`;
  return `${settings.modelNameOrPath}: ${model_type}, ${num_hidden_layers} layers, hidden size ${hidden_size}, ${(parameters / 1e6).toFixed(1)} M parameters${started}`;
}

const pathsOf = (outputDir: string, { kept }: Checkpoints): string[] =>
  kept.map((name) => `${outputDir}/runs/checkpoints/${name}`);
