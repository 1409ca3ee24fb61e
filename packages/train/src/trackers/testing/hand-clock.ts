import type { Clock } from '../../distill/clock.js';

/** A clock that goes when it is waited for. */
export interface HandClock extends Clock {
  /** Milliseconds that were waited, one entry per wait. */
  readonly waits: readonly number[];
  /** Ends every deadline that was asked for. */
  expire(): void;
}

/** Waits end at once and move the time on; deadlines end by hand. */
export function handClock(start = Date.UTC(2026, 10, 21, 20)): HandClock {
  let now = start;
  let deadlines: AbortController[] = [];
  const waits: number[] = [];
  return {
    waits,
    now: () => now++,
    async wait(milliseconds, signal) {
      signal.throwIfAborted();
      waits.push(milliseconds);
      now += milliseconds;
      // Sockets get their turn.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
    deadline() {
      const controller = new AbortController();
      deadlines.push(controller);
      return controller.signal;
    },
    expire() {
      for (const controller of deadlines) controller.abort(new Error('too late'));
      deadlines = [];
    },
  };
}
