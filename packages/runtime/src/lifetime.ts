import { SessionError } from './error.js';

/** What owns native memory: used by runs, disposed once, released when the last run has ended. */
export interface Lifetime {
  /** Whether a run is under way. */
  readonly busy: boolean;
  /** Throws SessionError after `dispose`. */
  check(where: string): void;
  /** Runs `body`; a release asked for meanwhile waits for its end. Throws SessionError after `dispose`. */
  during<T>(where: string, body: () => Promise<T>): Promise<T>;
  /** Puts the release off, as a run does, until the returned function is called; further calls of that do nothing. */
  hold(): () => void;
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
  const hold = (): (() => void) => {
    let held = true;
    running++;
    return () => {
      if (!held) return;
      held = false;
      running--;
      if (disposed && running === 0) release();
    };
  };
  return {
    get busy() {
      return running > 0;
    },
    check,
    hold,
    async during(where, body) {
      check(where);
      const end = hold();
      try {
        return await body();
      } finally {
        end();
      }
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      if (running === 0) release();
    },
  };
}
