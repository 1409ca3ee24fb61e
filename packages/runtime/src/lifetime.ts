import { SessionError } from './error.js';

/** What owns native memory: used by runs, disposed once, released when the last run has ended. */
export interface Lifetime {
  /** Whether a run is under way. */
  readonly busy: boolean;
  /** Throws SessionError after `dispose`. */
  check(where: string): void;
  /** Runs `body`; a release asked for meanwhile waits for its end. Throws SessionError after `dispose`. */
  during<T>(where: string, body: () => Promise<T>): Promise<T>;
  /** Releases now, or when the last run ends; the second call does nothing. */
  dispose(): void;
}

/** A lifetime for `what` that calls `release` exactly once. */
export function lifetime(what: string, release: () => void): Lifetime {
  let running = 0;
  let disposed = false;
  const check = (where: string): void => {
    if (disposed)
      throw new SessionError(where, `expected a live ${what}, got one that was disposed — create it again`);
  };
  return {
    get busy() {
      return running > 0;
    },
    check,
    async during(where, body) {
      check(where);
      running++;
      try {
        return await body();
      } finally {
        running--;
        if (disposed && running === 0) release();
      }
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      if (running === 0) release();
    },
  };
}
