import { formatNotActive, type NotActive } from '../config/resolve.js';
import { type Finding, settingPlace } from './finding.js';
import type { RunEstimate } from './run-estimate.js';

/** A run's settings beside its data, with what they come to. */
export interface RunToJudge {
  readonly estimate: RunEstimate;
  readonly epochs: number;
  readonly warmupSteps?: number;
  readonly warmupProportion: number;
  readonly gradientAccumulationSteps: number;
  readonly saveOnEpochEnd: boolean;
  readonly saveSteps?: number | undefined;
  readonly hasEvaluation: boolean;
  readonly outputDir: string;
  readonly notActive: readonly NotActive[];
  /** Lengths that were asked for, by their keys, and the most that the model takes. */
  readonly lengths: Readonly<Record<string, number>>;
  readonly longest?: number;
  readonly freeBytes?: number;
  readonly memoryBytes?: number;
  readonly sources: ReadonlyMap<string, string>;
}

/** Updates below which AdamW's second moment (β₂ = 0.999) and a schedule mean little. */
const FEW_UPDATES = 20;

/** What is wrong with how a run is laid out: updates, lengths, what is kept, room. */
export function* runFindings(run: RunToJudge): Generator<Finding> {
  yield* updateFindings(run);
  yield* lengthFindings(run);
  yield* keepingFindings(run);
  yield* roomFindings(run);
  for (const setting of run.notActive)
    yield {
      severity: 'warning',
      code: 'not-active',
      where: settingPlace(setting.key, run.sources),
      problem: `expected a setting that this run obeys, got ${formatNotActive(setting)}`,
      advice: 'leave it out if the run is right without it',
    };
}

function* updateFindings({ estimate, sources, ...run }: RunToJudge): Generator<Finding> {
  const { updates, warmup, batchesPerEpoch } = estimate;
  if (updates === 0) return;
  const key = run.warmupSteps === undefined ? 'warmup_proportion' : 'warmup_steps';
  const where = settingPlace(key, sources);
  if (warmup >= updates)
    yield {
      severity: 'error',
      code: 'long-warm-up',
      where,
      problem: `expected a warm-up within the ${updates} updates of the run, got ${warmup}: the rate never reaches its peak`,
      advice: 'lower it, or train for more epochs',
    };
  else if (warmup > updates / 2)
    yield {
      severity: 'warning',
      code: 'long-warm-up',
      where,
      problem: `expected a warm-up of less than half of the ${updates} updates, got ${warmup}`,
      advice: 'lower it to a tenth',
    };
  else if (warmup === 0 && run.warmupProportion > 0 && run.warmupSteps === undefined)
    yield {
      severity: 'warning',
      code: 'no-warm-up',
      where,
      problem: `expected an update or more of warm-up, got none: ${run.warmupProportion} of ${updates} updates`,
      advice: 'set warmup_steps, or make more updates of the data',
    };
  if (run.gradientAccumulationSteps > batchesPerEpoch)
    yield {
      severity: 'warning',
      code: 'long-accumulation',
      where: settingPlace('gradient_accumulation_steps', sources),
      problem: `expected at most the ${batchesPerEpoch} batches of an epoch per update, got ${run.gradientAccumulationSteps}: an epoch is a single, smaller update`,
      advice: `lower it to ${Math.max(1, Math.floor(batchesPerEpoch / 10))}`,
    };
  if (updates < FEW_UPDATES)
    yield {
      severity: 'warning',
      code: 'few-updates',
      where: settingPlace('epochs', sources),
      problem: `expected ${FEW_UPDATES} updates or more, got ${updates} (${run.epochs} epochs of ${estimate.updatesPerEpoch})`,
      advice: 'lower batch_size or gradient_accumulation_steps, add rows or epochs',
    };
}

function* lengthFindings({ lengths, longest, sources }: RunToJudge): Generator<Finding> {
  if (longest === undefined) return;
  for (const [key, length] of Object.entries(lengths)) {
    // A default is cut to what the model has; training says so.
    if (length <= longest || !sources.has(key)) continue;
    yield {
      severity: 'error',
      code: 'long-texts',
      where: settingPlace(key, sources),
      problem: `expected up to ${longest} tokens, the positions that the model has, got ${length}`,
      advice: 'lower it',
    };
  }
}

function* keepingFindings({
  estimate,
  saveOnEpochEnd,
  saveSteps,
  hasEvaluation,
  sources,
}: RunToJudge): Generator<Finding> {
  if (!hasEvaluation)
    yield {
      severity: 'warning',
      code: 'no-evaluation',
      where: 'val_dataset (not given)',
      problem:
        'expected held-out rows, got none: nobody will know whether the model is better than the one it started from',
      advice: 'keep a tenth of the queries apart and name the file',
    };
  if (!saveOnEpochEnd && saveSteps !== undefined && saveSteps > estimate.updates)
    yield {
      severity: 'warning',
      code: 'no-checkpoints',
      where: settingPlace('save_steps', sources),
      problem: `expected a checkpoint within the ${estimate.updates} updates of the run, got ${saveSteps}: a run that is killed before its end leaves nothing to go on from`,
      advice: 'lower it',
    };
  if (!saveOnEpochEnd && saveSteps === undefined)
    yield {
      severity: 'warning',
      code: 'no-checkpoints',
      where: settingPlace('save_on_epoch_end', sources),
      problem:
        'expected checkpoints, got false: a run that is killed before its end leaves nothing to go on from',
      advice: 'set it to true, or save_steps',
    };
}

/** 12.3 GB, of 10⁹ bytes; 4 MB below 0.1 GB. */
export const formatBytes = (bytes: number): string =>
  bytes >= 1e8 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

function* roomFindings({
  estimate,
  freeBytes,
  memoryBytes,
  outputDir,
  sources,
}: RunToJudge): Generator<Finding> {
  const { modelBytes, diskBytes, stateBytes } = estimate;
  const where = settingPlace('output_dir', sources);
  if (freeBytes !== undefined && diskBytes !== undefined && diskBytes > freeBytes)
    yield {
      severity: modelBytes! > freeBytes ? 'error' : 'warning',
      code: 'disk-space',
      where,
      problem: `expected ${formatBytes(diskBytes)} for a model of ${formatBytes(modelBytes!)} and its checkpoints, each three times as large, got ${formatBytes(freeBytes)} free at ${outputDir}`,
      advice: 'free some, lower num_max_checkpoints, or choose another directory',
    };
  if (memoryBytes !== undefined && stateBytes !== undefined && stateBytes > memoryBytes)
    yield {
      severity: 'error',
      code: 'memory',
      where: settingPlace('model_name_or_path', sources),
      problem: `expected weights, gradients and moments to fit into memory, got ${formatBytes(stateBytes)} beside ${formatBytes(memoryBytes)}`,
      advice: 'train adapters (use_lora), freeze layers, or start from a smaller model',
    };
}
