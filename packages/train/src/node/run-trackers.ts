import type { TrackerName } from '../config/tracker-names.js';
import { type ConsoleOptions, consoleTracker } from '../trackers/console-tracker.js';
import type { Environment } from '../trackers/credentials.js';
import { jsonlTracker } from '../trackers/jsonl-tracker.js';
import { mlflowTracker } from '../trackers/mlflow-tracker.js';
import { nodeTrackerFiles } from '../trackers/node/node-tracker-files.js';
import { tensorboardTracker } from '../trackers/tensorboard-tracker.js';
import { track } from '../trackers/track.js';
import type { Tracker, TrackerDriver } from '../trackers/tracker.js';
import { trackers } from '../trackers/trackers.js';
import { wandbOfflineTracker } from '../trackers/wandb-offline-tracker.js';
import { wandbOnlineTracker } from '../trackers/wandb-online-tracker.js';

/** Settings of a run that its trackers are made by. */
export interface TrackingSettings {
  readonly logWith: readonly TrackerName[];
  readonly outputDir: string;
  readonly projectName?: string | undefined;
}

/** Where trackers find what the settings do not say. */
export interface TrackingPlace extends Pick<ConsoleOptions, 'output'> {
  readonly environment: Environment;
  /** Hears what a tracker could not keep. */
  say(line: string): void;
}

/**
 * The trackers that `log_with` names, as one; undefined where it names none.
 * @throws Error where a service is named whose address or key is not in the environment
 */
export function runTrackers(settings: TrackingSettings, place: TrackingPlace): Tracker | undefined {
  const isOff = place.environment.WANDB_MODE === 'disabled';
  const names = settings.logWith.filter((name) => !(isOff && name === 'wandb'));
  if (names.length < settings.logWith.length) place.say('wandb: off, as WANDB_MODE says');
  if (names.length === 0) return undefined;
  const report = ({ message }: { readonly message: string }): void => place.say(message);
  return trackers(names.map((name) => track(driverOf(name, settings, place), { report })));
}

function driverOf(
  name: TrackerName,
  { outputDir, projectName }: TrackingSettings,
  { output, environment, say }: TrackingPlace,
): TrackerDriver {
  const files = nodeTrackerFiles;
  switch (name) {
    case 'console':
      return consoleTracker({ output });
    case 'jsonl':
      return jsonlTracker({ files, path: `${outputDir}/tracking/log.jsonl` });
    case 'tensorboard':
      return tensorboardTracker({ files, directory: `${outputDir}/tracking/tensorboard` });
    case 'wandb':
      return inProject(wandb(outputDir, environment, say), projectName ?? environment.WANDB_PROJECT);
    case 'mlflow':
      return inProject(mlflowTracker({ environment }), projectName ?? environment.MLFLOW_EXPERIMENT_NAME);
  }
}

/** Online with a key, else into a directory that can be sent later, which is said. @throws Error for a mode that is none */
function wandb(directory: string, environment: Environment, say: (line: string) => void): TrackerDriver {
  const asked = environment.WANDB_MODE || undefined;
  if (asked === undefined && !environment.WANDB_API_KEY)
    say(`wandb: no WANDB_API_KEY: offline, into ${directory}/wandb, which wandb sync sends`);
  const mode = asked ?? (environment.WANDB_API_KEY ? 'online' : 'offline');
  if (mode === 'online') return wandbOnlineTracker({ environment });
  if (mode !== 'offline')
    throw new Error(
      `WANDB_MODE: expected online, offline or disabled, got "${mode}" — set one of them, or leave wandb out of log_with`,
    );
  const entity = environment.WANDB_ENTITY;
  return wandbOfflineTracker({ files: nodeTrackerFiles, directory, ...(entity && { entity }) });
}

const inProject = (driver: TrackerDriver, project: string | undefined): TrackerDriver =>
  project ? { ...driver, open: (run, signal) => driver.open({ ...run, project }, signal) } : driver;
