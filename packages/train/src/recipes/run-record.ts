import type { LabelSummary } from '@rag/data';
import type { ModelCardData } from '@rag/models';
import type { MemoryPlan } from '@rag/runtime';
import type { Comparison } from '../compare/compare-systems.js';
import { ConfigError } from '../config/config-error.js';
import { runningPrecision } from '../config/precision.js';
import { publishedSettings, storedSettings } from '../config/resolve.js';
import type { DoctorReport } from '../doctor/examine.js';
import { checkpointFolder, checkpointName, STATE_TEXT } from '../resume/checkpoints.js';
import type { RunFiles } from '../run-files.js';
import { countWeights } from './initial-weights.js';
import type { ResolvedTask, StartingWeights, TaskData } from './prepared-task.js';
import type { RunResult } from './run-training.js';
import type { LoggedStep } from './step-log.js';

/** Data files by their names, sizes and hashes. */
export interface DescribedData {
  readonly train: readonly ModelCardData[];
  readonly val: readonly ModelCardData[];
}

/** What is known of a run once its model and data are open. */
export interface RunFacts {
  /** What trackers know it by. */
  readonly id: string;
  /** `reranker`, `embedding`, `colbert`. */
  readonly task: string;
  readonly version: string;
  /** Of what it runs on, e.g. `node`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
  /** What the task tells of itself. */
  readonly ran: Readonly<Record<string, unknown>>;
  readonly data: Pick<TaskData, 'summary' | 'fingerprint'>;
  /** The held-out rows, if there are any. */
  readonly val: Readonly<Record<string, unknown>> | undefined;
  readonly start: StartingWeights;
  readonly files: DescribedData;
  /** Bytes that training was planned to take, by kind. */
  readonly memory?: MemoryPlan;
  /** What was seen of rows, model and settings before. */
  readonly doctor?: DoctorReport;
}

/** What came of a run. */
export interface RunOutcome {
  readonly result: RunResult;
  readonly evaluation: unknown;
}

interface RunLog extends RunOutcome {
  /** Before beside after on the held-out rows, with texts of some of them. */
  readonly comparison?: Comparison | undefined;
  readonly history: readonly LoggedStep[];
  readonly checkpoints: readonly string[];
}

/** The text of run.json: what was asked for, what ran, on which rows, and what came of it. */
export function runRecord(
  resolved: ResolvedTask,
  facts: RunFacts,
  { result, history, checkpoints, evaluation, comparison }: RunLog,
): string {
  const { data, val, files } = facts;
  return jsonText({
    id: facts.id,
    ...told(facts, storedSettings(resolved), resolved.config),
    not_active: resolved.notActive,
    ...(facts.memory && { memory: facts.memory }),
    train: { fingerprint: data.fingerprint, summary: data.summary, files: files.train },
    ...(val && { val: { ...val, files: files.val } }),
    result,
    checkpoints,
    ...(evaluation !== undefined && { evaluation }),
    ...(comparison && { comparison }),
    history,
    ...(facts.doctor && { doctor: facts.doctor }),
  });
}

/**
 * The text of training_config.json: what of run.json goes with the model wherever it goes, without paths, secrets and the log. A
 * checkpoint's has no outcome.
 */
export function trainingConfig(resolved: ResolvedTask, facts: RunFacts, outcome?: RunOutcome): string {
  const { data, val, files } = facts;
  // Elsewhere in the summary stand positions in files.
  const { rows, queries, passages, positives, negatives, shapes } = data.summary as LabelSummary;
  const summary = { rows, queries, passages, positives, negatives, shapes };
  return jsonText({
    ...told(facts, publishedSettings(resolved), resolved.config),
    train: { fingerprint: data.fingerprint, summary, files: files.train },
    ...(val && { val: { ...val, files: files.val } }),
    ...(outcome && { result: outcome.result }),
    ...(outcome?.evaluation !== undefined && { evaluation: outcome.evaluation }),
  });
}

/** What a run calls ONNX Runtime by; with webgpu, Node has another than a page. */
const drivers = { cpu: 'ffi', cuda: 'ffi', webgpu: undefined, wasm: 'web' } as const;

const told = (
  { task, version, versions, threads, ran, start, val }: RunFacts,
  settings: object,
  config: ResolvedTask['config'],
) => ({
  rag: version,
  versions,
  task,
  settings,
  ran: {
    provider: config.provider,
    driver: drivers[config.provider],
    precision: runningPrecision(config),
    threads,
    ...(val && { evaluation_provider: config.provider }),
    ...ran,
  },
  model: {
    name: start.base.name,
    ...(start.base.commit !== undefined && { commit: start.base.commit }),
    model_type: start.modelType,
    fresh: start.fresh.length === countWeights(start.weights).parameters ? 'all' : start.fresh,
  },
});

const jsonText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Makes sure that a run may write here, and names the checkpoints of the run that it replaces.
 * @throws ConfigError where an earlier run stands and `overwrite_output_dir` was not said
 */
export async function earlierCheckpoints(
  files: RunFiles,
  outputDir: string,
  overwrite: boolean,
): Promise<string[]> {
  const found = (await files.list(outputDir)).filter((name) => ['model', 'runs', 'run.json'].includes(name));
  if (found.length === 0) return [];
  if (!overwrite)
    throw new ConfigError(
      'output_dir',
      'output_dir',
      `expected no earlier run in ${outputDir}, got ${found.join(', ')} — choose another directory, say overwrite_output_dir: true, or --resume where it is to go on`,
    );
  const text = await files.readText(`${outputDir}/run.json`);
  const unfinished = await checkpointsOn(files, outputDir);
  if (text === undefined) return unfinished;
  const names = namesIn(text);
  if (names === undefined)
    throw new ConfigError(
      'output_dir',
      'output_dir',
      `expected the JSON of an earlier run in ${outputDir}/run.json, got ${JSON.stringify(text.slice(0, 40))} — delete the file, and ${outputDir}/runs with it`,
    );
  return [...new Set([...names, ...unfinished])];
}

/** Names of checkpoints on the disk: a run that was killed has no run.json that names them. */
async function checkpointsOn(files: RunFiles, outputDir: string): Promise<string[]> {
  const folder = checkpointFolder(outputDir);
  const found: string[] = [];
  for (const name of await files.list(folder))
    if (checkpointName.test(name) && (await files.readText(`${folder}/${name}/${STATE_TEXT}`)) !== undefined)
      found.push(name);
  return found;
}

/** What run.json names; undefined where it is not one. */
function namesIn(text: string): string[] | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null) return undefined;
  const { checkpoints } = record as { checkpoints?: unknown };
  const names: unknown[] = Array.isArray(checkpoints) ? checkpoints : [];
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
