import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Collective } from '@rag/runtime';
import type { ColbertOptions } from '../config/colbert-options.js';
import type { EmbeddingOptions } from '../config/embedding-options.js';
import type { RerankerOptions } from '../config/reranker-options.js';
import { settingsOf } from '../config/resolve.js';
import { settingLayers } from '../config/setting-layers.js';
import { platformOfRank } from '../distributed/rank-platform.js';
import { ranksOnHost } from '../distributed/ranks-on-host.js';
import { type DoctorMode, examineBeforeRun } from '../doctor/before-run.js';
import type { AskedRun } from '../doctor/task-settings.js';
import type { ColbertRun } from '../recipes/colbert.js';
import type { EmbeddingRun } from '../recipes/embedding.js';
import type { ResolvedTask } from '../recipes/prepared-task.js';
import type { RerankerRun } from '../recipes/reranker.js';
import type { RunListener, RunPlatform } from '../recipes/run-platform.js';
import { type TaskName, type TrainableTask, tasks } from '../recipes/tasks.js';
import type { RunFiles } from '../run-files.js';
import { fetchLines } from './fetch-lines.js';
import { freeBytes } from './free-bytes.js';
import { InterruptedError } from './interrupt.js';
import { nodeFiles } from './node-files.js';
import { progress } from './progress.js';
import { runTrackers } from './run-trackers.js';
import { platformVersions, version } from './version.js';

/** What each task is told, in camelCase, and what its run gives. */
interface TaskTypes {
  reranker: { readonly options: RerankerOptions; readonly run: RerankerRun };
  embedding: { readonly options: EmbeddingOptions; readonly run: EmbeddingRun };
  colbert: { readonly options: ColbertOptions; readonly run: ColbertRun };
}

/** What a run of a task gives. */
export type RunOf<Task extends TaskName> = TaskTypes[Task]['run'];

/** What to train, and the settings of that task in camelCase. */
export type TrainOptions<Task extends TaskName = TaskName> = {
  [Name in Task]: { readonly task: Name } & TaskTypes[Name]['options'];
}[Task];

/** Who watches, and who may stop it. */
export interface TrainControl {
  /** Hears every line and update; by default the terminal's standard output. */
  readonly listener?: RunListener;
  /** Ends the run after the update in progress. */
  readonly signal?: AbortSignal;
  /**
   * The processes that train together, each of which calls this: `joinMpi()` of `@rag/runtime/mpi`. What ends one of them with an error must end
   * all (`abort`).
   */
  readonly collective?: Collective;
  /** Whether known killers of runs are refused before anything is trained, only told, or not looked for. @default 'refuse' */
  readonly doctor?: DoctorMode;
}

/**
 * Fine-tunes a model on this machine: what `rag train` calls. Writes the final model to `<outputDir>/model`, checkpoints
 * and run.json beside it.
 * @throws ConfigError for settings, DataError for rows, RefusedRunError for what the doctor refuses, and the errors of model files
 * and sessions
 */
export async function train<Task extends TaskName>(
  options: TrainOptions<Task>,
  control: TrainControl = {},
): Promise<RunOf<Task>> {
  const { task: name, ...settings } = options;
  if (!Object.hasOwn(tasks, name))
    throw new RangeError(
      `task: expected one of ${Object.keys(tasks).join(', ')}, got ${JSON.stringify(name)} — choose one`,
    );
  // The table pairs each name with its own settings and run; the type system does not follow an index by a union.
  const task = tasks[name] as unknown as TrainableTask<ResolvedTask, RunOf<Task>>;
  const layers = await settingLayers(task.table, [settingsOf(settings)], nodeFiles);
  return runOnThisMachine(name, task, task.resolve(layers), control);
}

/** Trains with settings that are resolved already. */
export async function runOnThisMachine<Settings extends ResolvedTask, Run>(
  name: TaskName,
  task: Pick<TrainableTask<Settings, Run>, 'train'>,
  resolved: Settings,
  control: TrainControl = {},
): Promise<Run> {
  if (control.listener) return heardRun(name, task, resolved, control.listener, control);
  const shown = progress(process.stdout, resolved.config.logInterval);
  try {
    return await heardRun(name, task, resolved, shown, control);
  } finally {
    shown.end();
  }
}

async function heardRun<Settings extends ResolvedTask, Run>(
  name: TaskName,
  task: Pick<TrainableTask<Settings, Run>, 'train'>,
  resolved: Settings,
  listener: RunListener,
  { signal, collective, doctor: mode = 'refuse' }: TrainControl,
): Promise<Run> {
  const isFirst = (collective?.rank ?? 0) === 0;
  const { logWith } = resolved.config;
  const say = (line: string): void => listener.say(line);
  const tracker =
    isFirst && runTrackers(resolved.config, { output: process.stdout, environment: process.env, say });
  // One process that stops downloading would leave the others waiting.
  const files = filesThatTell(listener, collective ? undefined : signal);
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  // The name and the settings are of one task.
  const asked = { task: name, resolved } as unknown as AskedRun;
  const onHost = collective ? await ranksOnHost(collective, hostname()) : 1;
  const threads = Math.max(1, Math.floor(availableParallelism() / onHost));
  if (collective && isFirst) say(describeProcesses(collective, onHost, resolved.config.threads ?? threads));
  const doctor =
    isFirst &&
    (await examineBeforeRun(
      asked,
      { files, freeBytes, memoryBytes: memory, processes: collective?.size ?? 1 },
      { mode, say },
    ));
  const platform: RunPlatform = {
    ...{ files, threads, version },
    // Of the host, which its processes share.
    memory: Math.floor(memory / onHost),
    versions: platformVersions(),
    // The console's tracker tells of updates in the listener's stead.
    listener: logWith.includes('console') ? { say, step: () => {} } : listener,
    ...(doctor && { doctor }),
    ...(tracker && { tracker }),
    ...(signal && { signal }),
  };
  const interrupted = () =>
    new InterruptedError('interrupted — another process of the run was asked to stop');
  return task.train(resolved, collective ? platformOfRank(platform, collective, interrupted) : platform);
}

const describeProcesses = ({ name, size }: Collective, onHost: number, threads: number): string =>
  `${size} processes by ${name}, ${onHost} on this host, ${threads} ${threads === 1 ? 'thread' : 'threads'} each`;

/** The file system; downloads from the hub are told to the listener and end with the signal. */
function filesThatTell(listener: RunListener, signal: AbortSignal | undefined): RunFiles {
  const onProgress = fetchLines((text) => listener.say(text));
  return {
    ...nodeFiles,
    openModel: (path, hub) =>
      nodeFiles.openModel(path, hub && { onProgress, ...(signal && { signal }), ...hub }),
  };
}
