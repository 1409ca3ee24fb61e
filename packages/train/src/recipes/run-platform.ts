import type { Collective } from '@rag/runtime';
import type { DoctorReport } from '../doctor/examine.js';
import type { RunFiles } from '../run-files.js';
import type { Tracker } from '../trackers/tracker.js';
import type { StepEvent } from '../trainer.js';

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
  /** Is told of updates, evaluations and what is saved; without it nobody but the listener is. */
  readonly tracker?: Tracker;
  /** What the doctor saw before the run, for run.json. */
  readonly doctor?: DoctorReport;
  /** Threads where the settings name none. */
  readonly threads: number;
  /** Bytes of memory that there are; training on the host is not begun where it would take more. */
  readonly memory?: number;
  /** Of this package, for run.json. */
  readonly version: string;
  /** Of what it runs on: `node`, `onnxruntime`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The processes of this run, each with its own platform: `onRank` makes it. One process where left out. */
  readonly collective?: Collective;
  /** Called by all processes after each update: `signal` is then aborted on all of them, or on none. */
  agree?(): Promise<void>;
}
