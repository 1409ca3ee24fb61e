import { type Clock, systemClock } from '../distill/clock.js';
import {
  type Outcome,
  type TrackedEntry,
  type TrackedRun,
  type Tracker,
  type TrackerDriver,
  type TrackerProblem,
  TransientError,
} from './tracker.js';

export interface TrackOptions {
  /** Hears what a tracker could not do; what it throws is dropped. */
  readonly report: (problem: TrackerProblem) => void;
  /** Entries that may wait; beyond it the oldest are lost. @default 10,000 */
  readonly capacity?: number;
  readonly clock?: Clock;
}

type Told = TrackedEntry extends infer Entry
  ? Entry extends TrackedEntry
    ? Omit<Entry, 'time'>
    : never
  : never;

/** Entries of one `write`. */
const batchSize = 200;
/** Milliseconds before the first repetition; each further one doubles it. */
const firstPause = 1_000;
const longestPause = 60_000;

/** Puts a bounded queue before a driver, so that a run neither waits for it nor ends by it. */
export function track(
  driver: TrackerDriver,
  { report, capacity = 10_000, clock = systemClock }: TrackOptions,
): Tracker {
  const { name } = driver;
  const ended = new AbortController();
  let wake = new AbortController();
  let waiting: TrackedEntry[] = [];
  let writing: readonly TrackedEntry[] = [];
  const lost = { entries: 0, first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  let state: 'new' | 'running' | 'broken' | 'finished' = 'new';
  let finishing: Promise<void> | undefined;
  let pump: Promise<void> | undefined;
  let isDelayed = false;
  let lastError: unknown;
  let isLossReported = false;

  const tell = (problem: Omit<TrackerProblem, 'tracker'>): void => {
    try {
      report({ tracker: name, ...problem });
    } catch {
      // Whoever listens is no reason to end a run.
    }
  };
  const lose = (entries: readonly TrackedEntry[]): void => {
    for (const { step } of entries) {
      lost.entries++;
      lost.first = Math.min(lost.first, step);
      lost.last = Math.max(lost.last, step);
    }
  };
  const tellLoss = (what: string, cause: unknown): void => {
    if (isLossReported) return;
    isLossReported = true;
    tell({ kind: 'lost', message: `${name}: ${what}`, ...(cause !== undefined && { cause }) });
  };
  const breakOff = (cause: unknown): void => {
    // At the deadline it is `finish` that tells what is left.
    if (ended.signal.aborted) return;
    state = 'broken';
    lose(writing);
    lose(waiting);
    [waiting, writing] = [[], []];
    const end = finishing === undefined ? 'what follows is lost' : 'its end is lost';
    const from = lost.entries > 0 ? `what was logged from step ${lost.first} on is lost` : end;
    tellLoss(`${reasonOf(cause)} — the run goes on; ${from}`, cause);
  };
  /** One call of the driver, repeated while its failure may pass. */
  const insist = async (call: () => Promise<void>): Promise<void> => {
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      try {
        return await call();
      } catch (error) {
        lastError = error;
        if (!(error instanceof TransientError) || ended.signal.aborted) throw error;
        if (!isDelayed) {
          isDelayed = true;
          tell({
            kind: 'delayed',
            message: `${name}: ${reasonOf(error)} — the run goes on; up to ${capacity} entries wait`,
            cause: error,
          });
        }
        const asked = Math.min(error.retryAfter ?? 0, longestPause);
        await clock.wait(Math.max(pause, asked), ended.signal);
      }
    }
  };
  const work = async (run: TrackedRun): Promise<void> => {
    await insist(() => driver.open(run, ended.signal));
    for (;;) {
      if (waiting.length === 0 && finishing === undefined) await rung(wake.signal);
      if (finishing === undefined && driver.gather > 0) await pauseUnlessFinishing();
      wake = new AbortController();
      if (waiting.length === 0 && finishing !== undefined) return;
      writing = waiting.splice(0, batchSize);
      if (writing.length > 0) await insist(() => driver.write(writing, ended.signal));
      writing = [];
    }
  };
  const hurry = new AbortController();
  const pauseUnlessFinishing = (): Promise<void> => clock.wait(driver.gather, hurry.signal).catch(() => {});

  const put = (entry: Told): void => {
    const timed = { ...entry, time: clock.now() } as TrackedEntry;
    if (state === 'broken') return;
    if (finishing !== undefined) {
      lose([timed]);
      tellLoss(`expected no entries after finish, got one of step ${entry.step} — finish last`, undefined);
      return;
    }
    waiting.push(timed);
    if (waiting.length > capacity) lose(waiting.splice(0, 1));
    wake.abort();
  };
  const end = async (outcome: Outcome, deadline: AbortSignal): Promise<void> => {
    if (state === 'new') {
      lose(waiting);
      if (lost.entries > 0) tellLoss(`expected start before entries, got none — ${linesOf(lost)}`, undefined);
      state = 'finished';
      return;
    }
    const stop = (): void => ended.abort(deadline.reason);
    if (deadline.aborted) stop();
    else deadline.addEventListener('abort', stop, { once: true });
    try {
      const closing = pump!.then(async () => {
        if (state === 'broken' || ended.signal.aborted) return;
        await insist(() => driver.close(outcome, ended.signal));
        state = 'finished';
      });
      // A driver that does not hear its signal is left behind.
      await Promise.race([closing.catch(breakOff), rung(ended.signal)]);
    } finally {
      deadline.removeEventListener('abort', stop);
    }
    if (state === 'running') {
      lose(writing);
      lose(waiting);
      state = 'broken';
      const why = lastError === undefined ? '' : ` (${reasonOf(lastError)})`;
      tellLoss(
        `expected to finish before the deadline, got no end${why} — ${linesOf(lost)}; the run's end is not in it`,
        lastError,
      );
    } else if (lost.entries > 0)
      tellLoss(
        `${lastError === undefined ? 'the queue was full' : reasonOf(lastError)} — ${linesOf(lost)}`,
        lastError,
      );
  };

  return {
    name,
    start(run) {
      if (state !== 'new' || finishing !== undefined) return;
      state = 'running';
      pump = work(run).catch(breakOff);
    },
    scalars: (step, values) => put({ kind: 'scalars', step, values: { ...values } }),
    text: (step, textName, text) => put({ kind: 'text', step, name: textName, text }),
    histogram: (step, histogramName, histogram) =>
      put({ kind: 'histogram', step, name: histogramName, histogram }),
    artifact: (step, artifact) => put({ kind: 'artifact', step, ...artifact }),
    finish(outcome, deadline) {
      if (finishing === undefined) {
        finishing = end(outcome, deadline);
        wake.abort();
        hurry.abort();
      }
      return finishing;
    },
  };
}

const linesOf = ({ entries, first, last }: { entries: number; first: number; last: number }): string =>
  entries === 0
    ? 'no entry is lost'
    : `${entries} ${entries === 1 ? 'entry' : 'entries'} of steps ${first} to ${last} lost`;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Resolves once the signal is aborted. */
const rung = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
