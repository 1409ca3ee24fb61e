/** Time as a client of a server needs it: what tests replace. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** A signal that is aborted after so many milliseconds. */
  deadline(milliseconds: number): AbortSignal;
}

/** The machine's. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, milliseconds);
      signal.addEventListener('abort', stop, { once: true });
    }),
  deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
};
