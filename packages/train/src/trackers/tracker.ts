/** A run as its trackers name it. */
export interface TrackedRun {
  /** The same for a run and for what resumes it; letters, digits, `-` and `_`. */
  readonly id: string;
  /** For people; any text. */
  readonly name: string;
  /** Experiment of MLflow, project of Weights & Biases. */
  readonly project: string;
  /** Settings without secrets, nested or not; their JSON is kept. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Updates of the whole run, where they are known: what the time left is reckoned from. */
  readonly totalSteps?: number;
  /** Updates that the checkpoint holds which this run goes on from: what was tracked of later ones is not kept twice. */
  readonly resumeFrom?: number;
}

/** How a run ended. */
export type Outcome = 'finished' | 'failed' | 'interrupted';

/** The distribution of some numbers, by buckets. */
export interface Histogram {
  /** Ascending bounds of the buckets, one more than there are counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Of the numbers themselves. */
  readonly sum: number;
  readonly sumOfSquares: number;
}

/** A file or directory that the run wrote: trackers keep the reference and upload nothing. */
export interface ArtifactReference {
  readonly name: string;
  /** `checkpoint`, `model`, `report`. */
  readonly type: string;
  /** A path or a URL. */
  readonly uri: string;
}

/** What a run tells, with the milliseconds since 1970 at which it did. */
export type TrackedEntry = { readonly step: number; readonly time: number } & (
  | { readonly kind: 'scalars'; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  | { readonly kind: 'histogram'; readonly name: string; readonly histogram: Histogram }
  | ({ readonly kind: 'artifact' } & ArtifactReference)
);

/**
 * Who follows a run. No method throws or waits for a disk or a server, and none can end the run: what goes wrong is reported
 * to whoever made the tracker. Steps are updates of the run, on one axis for training and evaluation.
 */
export interface Tracker {
  /** Such as `tensorboard` or `mlflow http://127.0.0.1:5000`: what reports call it. */
  readonly name: string;
  start(run: TrackedRun): void;
  /** Values by name, NaN and infinities among them. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  text(step: number, name: string, text: string): void;
  histogram(step: number, name: string, histogram: Histogram): void;
  artifact(step: number, artifact: ArtifactReference): void;
  /** Writes what waits until the signal is aborted; a second call is the first's promise. It never rejects. */
  finish(outcome: Outcome, deadline: AbortSignal): Promise<void>;
}

/**
 * Where entries go: what differs between trackers. Calls never overlap, and each may be repeated after it rejected: `write`
 * with the same array. What rejects with a `TransientError` is tried again; anything else ends this tracker.
 */
export interface TrackerDriver {
  readonly name: string;
  /** Milliseconds to gather entries in before they are written. */
  readonly gather: number;
  open(run: TrackedRun, signal: AbortSignal): Promise<void>;
  write(entries: readonly TrackedEntry[], signal: AbortSignal): Promise<void>;
  close(outcome: Outcome, signal: AbortSignal): Promise<void>;
}

/** A failure that may pass: a server that is busy, or cannot be reached. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  constructor(
    message: string,
    /** Milliseconds that the server asks to be left alone for. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a tracker could not keep. */
export interface TrackerProblem {
  readonly tracker: string;
  /** `delayed`: said once, when it begins; nothing is lost yet. `lost`: said once, with what. */
  readonly kind: 'delayed' | 'lost';
  /** A line for people. */
  readonly message: string;
  readonly cause?: unknown;
}
