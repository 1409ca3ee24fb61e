import {
  GOLDEN_FILE,
  type GoldenCase,
  goldenText,
  MODEL_CARD_FILE,
  type ModelCard,
  type ModelCardMetric,
  modelCard,
  TRAINING_CONFIG_FILE,
} from '@rag/models';
import { publishedSettings } from '../config/resolve.js';
import type { RunFiles } from '../run-files.js';
import { countWeights } from './initial-weights.js';
import type { ResolvedTask } from './prepared-task.js';
import { type DescribedData, type RunFacts, type RunOutcome, trainingConfig } from './run-record.js';

/** A model that was just written, as far as its directory is completed from it. */
export interface WrittenModel {
  /** What golden.json records. */
  golden(): Promise<GoldenCase[]>;
  /** Writes `onnx/model.onnx` into a directory. */
  exportOnnx(directory: string): Promise<unknown>;
}

/** Data files of a run by their paths. */
export interface DataFiles {
  readonly train: readonly string[];
  readonly val: readonly string[];
  /** A teacher's vectors. */
  readonly vectors?: string;
}

/** The files beside the checkpoint's own that a final model has. */
export const FINAL_FILES = [GOLDEN_FILE, MODEL_CARD_FILE, TRAINING_CONFIG_FILE] as const;

/** Names, sizes and hashes of data files, each read once. */
export async function describeData(
  { describeData: describe }: Pick<RunFiles, 'describeData'>,
  { train, val, vectors }: DataFiles,
): Promise<DescribedData> {
  const rows = async (paths: readonly string[]) => {
    const described = [];
    for (const path of paths) described.push(await describe(path, 'rows'));
    return described;
  };
  const teacher = vectors === undefined ? [] : [await describe(vectors, 'vectors')];
  return { train: [...(await rows(train)), ...teacher], val: await rows(val) };
}

/** What a card tells beside the run's facts. */
export interface CardParts extends Pick<ModelCard, 'layout' | 'decoder'> {
  readonly metrics: readonly ModelCardMetric[];
}

/**
 * Completes a model's directory from the model in it: writes `onnx/model.onnx` where that is asked for, and gives golden.json,
 * README.md and training_config.json.
 */
export async function finalFiles(
  model: WrittenModel,
  directory: string,
  resolved: ResolvedTask,
  facts: RunFacts,
  { outcome, card }: { outcome: RunOutcome; card: CardParts },
): Promise<Record<(typeof FINAL_FILES)[number], string>> {
  const { config, sources } = resolved;
  if (config.exportOnnx) await model.exportOnnx(directory);
  const { start, files } = facts;
  const task = facts.task as ModelCard['task'];
  const { elements: parameters } = countWeights(start.weights);
  const given = Object.entries(publishedSettings(resolved)).filter(([key]) => sources.has(key));
  return {
    [GOLDEN_FILE]: goldenText(task, await model.golden()),
    [MODEL_CARD_FILE]: modelCard({
      ...card,
      task,
      base: start.base,
      modelType: start.modelType,
      parameters,
      onnx: config.exportOnnx,
      tool: `@rag/train ${facts.version}`,
      settings: Object.fromEntries(given),
      ...files,
      result: outcome.result,
    }),
    [TRAINING_CONFIG_FILE]: trainingConfig(resolved, facts, outcome),
  };
}
