import { ColBERT, type ColbertSettings } from '@rag/colbert';
import {
  type ColbertLoss,
  colbertCheckpoint,
  colbertObjective,
  collateContrastive,
  collateScored,
  projectionParameters,
  sparseParameters,
  textEncoder,
} from '@rag/colbert/training';
import type { ContrastiveExample, LoadedBatch } from '@rag/data';
import { openCheckpointOrOnnx } from '@rag/models';
import type { OpenOptions } from '@rag/runtime';
import type { CompleteColbertConfig, ResolvedColbert } from '../config/colbert-config.js';
import { ConfigError } from '../config/config-error.js';
import { colbertRetriever } from '../evaluate/colbert-retriever.js';
import { openSources } from '../run-files.js';
import { retrieverChance } from '../sentinel/chance-level.js';
import { adapterTraining, type ObjectiveParts } from './adapter-training.js';
import { colbertInstruction } from './colbert-instruction.js';
import { withFrozenParts } from './frozen-parts.js';
import { weightNames } from './initial-weights.js';
import { describeModel, savedSource } from './model-source.js';
import type { PreparedTask, TaskData } from './prepared-task.js';
import {
  type BatchContext,
  chunksOf,
  cutsAtVectors,
  describeData,
  lossOf,
  openContrastive,
  openScored,
  taskData,
} from './retrieval-data.js';
import { type RetrieverEvaluation, retrievalEvaluator } from './retrieval-evaluation.js';
import { describeRows, readRetrievalRows } from './retrieval-rows.js';
import type { RunPlatform } from './run-platform.js';
import { runTask, type TaskRun } from './run-task.js';
import { openStartingColbert, type StartingColbert } from './starting-colbert.js';
import { textLength } from './text-length.js';
import { checkExport, describeFile, refuseAdapters, withColumns, withTrainedFile } from './trained-file.js';
import { withSparseLinear, withUnifiedFiles } from './unified-parts.js';

/** What a run of `rag train colbert` gave. */
export type ColbertRun = TaskRun<RetrieverEvaluation>;

/**
 * Fine-tunes a ColBERT model: opens model and data, trains, searches `val_dataset` before, between and after, and writes
 * what `runTask` writes.
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export const trainColbert = (resolved: ResolvedColbert, platform: RunPlatform): Promise<ColbertRun> =>
  runTask('colbert', resolved, platform, (opening) => prepareColbert(resolved, platform, opening));

/** Opens model and data of a ColBERT run; trains nothing. */
export async function prepareColbert(
  resolved: ResolvedColbert,
  platform: RunPlatform,
  opening: OpenOptions,
): Promise<PreparedTask<ColBERT, RetrieverEvaluation>> {
  const { config } = resolved;
  const { files, listener } = platform;
  const say = (line: string): void => listener.say(line);
  const opened = await openStartingColbert(files, config, opening);
  const { model } = opened;
  try {
    const { file, isProjected = false } = opened;
    if (file) checkExport(config.exportOnnx, file);
    say(describeModel(opened, config.modelNameOrPath));
    if (file) say(describeFile(file));
    const instruction = colbertInstruction(resolved, opened.settings, say);
    const { query_instruction: _, ...own } = opened.settings;
    // The lengths and the instruction that it is trained with are those that it is served with.
    const settings = {
      ...own,
      ...(instruction !== undefined && { query_instruction: instruction }),
      query_length: lengthOf('query', resolved, opened, say),
      document_length: lengthOf('passage', resolved, opened, say),
    };
    const temperature = config.temperature ?? (settings.divideByQueryLength ? 0.02 : 1);
    const whole = { ...opened, settings };
    const { unifiedFinetuning } = config;
    const start = unifiedFinetuning ? await withSparseLinear(whole, config.seed, say) : whole;
    const { data, lossType } = await openData(start, config, platform, instruction);
    try {
      const judged =
        config.valDataset &&
        (await readRetrievalRows(await openSources(files, config.valDataset), instruction));
      if (judged) say(`${config.valDataset!.join(', ')}: ${describeRows(judged)}`);
      const objective = (how: Partial<ObjectiveParts>) =>
        colbertObjective({
          config: start.config,
          settings,
          loss: colbertLoss(lossType, temperature, config),
          gradCache: cutsAtVectors(config, platform.collective),
          ...(file && { file: { rows: file.rows, isProjected } }),
          ...how,
        });
      if (file) refuseAdapters(config, file);
      checkLayout(config, settings);
      const behind = [
        ...projectionParameters(start.config, settings),
        ...(unifiedFinetuning ? sparseParameters(start.config.hidden_size) : []),
      ];
      const beside = new Set(behind.map(({ name }) => name));
      const training = file
        ? undefined
        : adapterTraining(
            withFrozenParts(config, weightNames(start.weights), beside),
            { ...start, objective, task: 'FEATURE_EXTRACTION', beside },
            say,
          );
      return {
        start: { ...start, modelType: start.config.model_type },
        model,
        objective: training?.objective ?? objective({}),
        ...(training && { toTrain: training.toTrain }),
        data: file ? { ...data, batches: (...which) => withColumns(data.batches(...which)) } : data,
        dataFiles: { train: config.trainDataset, val: config.valDataset ?? [] },
        layout: settings.layout,
        ...(judged && {
          evaluator: retrievalEvaluator<ColBERT>(judged, (asked) =>
            colbertRetriever(asked, {
              // The instruction stands in the rows.
              queries: {
                maxLength: settings.query_length,
                batchSize: config.evalBatchSize,
                instruction: '',
              },
              documents: { maxLength: settings.document_length, batchSize: config.evalBatchSize },
            }),
          ),
        }),
        ...(!platform.collective && retrieverChance(lossType, config, data.summary)),
        ran: {
          loss_type: lossType,
          temperature,
          query_max_len: settings.query_length,
          passage_max_len: settings.document_length,
          colbert_dim: model.dimension,
          ...training?.ran,
        },
        toSave: (session) => {
          if (training)
            return training.toSave(session, async (read) => {
              const written = await colbertCheckpoint({ ...start, read });
              return unifiedFinetuning ? withUnifiedFiles(written, start, read) : written;
            });
          const live = new Map(session.weights().map(({ name, data: values }) => [name, values]));
          const read = async (name: string) => live.get(name) as Float32Array;
          const written = colbertCheckpoint({ ...start, read });
          return written.then((checkpoint) => withTrainedFile(checkpoint, file!, session));
        },
        openSaved: async (path, options) => {
          const source = await savedSource(files, path);
          const checkpoint = await openCheckpointOrOnnx(training?.openSaved(source) ?? source);
          return ColBERT.fromCheckpoint(checkpoint, { ...options, compat: config.compat, newHead: false });
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

type LossType = NonNullable<CompleteColbertConfig['lossType']>;

/** The loss of the settings as the objective takes it. */
function colbertLoss(
  lossType: LossType,
  temperature: number,
  { knowledgeDistillation, kdLossType, unifiedFinetuning, useSelfDistill }: CompleteColbertConfig,
): ColbertLoss {
  if (lossType !== 'infonce') return { kind: 'scored', temperature };
  const taught = { temperature, ...(knowledgeDistillation && { distill: kdLossType }) };
  return unifiedFinetuning
    ? { kind: 'unified', ...taught, selfDistill: useSelfDistill }
    : { kind: 'in-batch', ...taught };
}

async function openData(
  { model, config: encoder, settings }: StartingColbert,
  config: CompleteColbertConfig,
  { files, listener, collective }: RunPlatform,
  instruction: string | undefined,
): Promise<{ data: TaskData; lossType: LossType }> {
  const lossType = await lossOf(files, config);
  const { compat, othersPositives } = config;
  const options = {
    encoder: textEncoder(model.tokenizer, encoder, settings),
    compat,
    ...(othersPositives && { othersPositives }),
    ...chunksOf(config),
  };
  if (lossType === 'infonce') {
    const dataset = await openContrastive(files, config, instruction);
    listener.say(describeData(config, dataset));
    const { clsId, sepId, padId, unkId } = model.tokenizer;
    const ignored = new Set([clsId, sepId, padId, unkId]);
    const collate = (loaded: LoadedBatch<ContrastiveExample>, context: BatchContext) => {
      const selfDistill = config.useSelfDistill && {
        selfDistill: context.dropout.update > config.selfDistillStartStep,
      };
      return collateContrastive(loaded, {
        ...options,
        ...context,
        ...(config.unifiedFinetuning && { unified: { ignored, ...selfDistill } }),
      });
    };
    return { data: taskData(dataset, config, collate, collective), lossType };
  }
  const { dataset, notes } = await openScored(files, config, 'comparable list', instruction);
  for (const line of [describeData(config, dataset), ...notes]) listener.say(line);
  const data = taskData(
    dataset,
    config,
    (loaded, { ownAlone: _, ...how }) => collateScored(loaded, { ...options, ...how }),
    collective,
  );
  return { data, lossType };
}

/** Tokens of a side: those of the settings, or, where they name none, the model's own. */
function lengthOf(
  side: 'query' | 'passage',
  { config, sources }: ResolvedColbert,
  { config: encoder, settings }: StartingColbert,
  say: (line: string) => void,
): number {
  const key = `${side}_max_len` as const;
  const asked = side === 'query' ? config.queryMaxLen : config.passageMaxLen;
  if (sources.has(key)) return textLength(key, asked, sources.get(key), encoder, say);
  const own = side === 'query' ? settings.query_length : settings.document_length;
  if (own !== asked) say(`${key}: ${own}, as the model has it`);
  return own;
}

/** A projection among the encoder's own tensors is in none of an adapter's files. @throws ConfigError */
function checkLayout(
  { useLora, saveMergedLoraModel }: CompleteColbertConfig,
  { layout }: ColbertSettings,
): void {
  if (useLora && !saveMergedLoraModel && layout === 'colbertv2')
    throw new ConfigError(
      'save_merged_lora_model',
      'save_merged_lora_model',
      "expected true for adapters of a model of Stanford's layout, whose projection is no file of its own, got false — set it",
    );
}
