import type { SessionError } from '../error.js';

/** A queue of calls: each begins when the one before has ended. */
export interface Turns {
  /** Makes the call in its turn; rejects at once after `end`, and while it runs when `end` is called. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Lets every call under way, waiting or to come fail with this error; the second call does nothing. */
  end(error: SessionError): void;
}

/**
 * Calls into WebAssembly that sleeps (Asyncify) while it waits for the GPU, or for its own start: a second call meanwhile would break its stack
 * (https://emscripten.org/docs/porting/asyncify.html#reentrancy). A call that failed lets the next one begin.
 */
export function turns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let over: SessionError | undefined;
  const pending = new Set<(error: SessionError) => void>();
  return {
    take<T>(work: () => Promise<T>): Promise<T> {
      if (over) return Promise.reject(over);
      return new Promise<T>((resolve, reject) => {
        pending.add(reject);
        const done = () => pending.delete(reject);
        last = last.then(() => {
          if (over) return undefined;
          return work().then(resolve, reject).finally(done);
        });
      });
    },
    end(error) {
      over ??= error;
      for (const reject of pending) reject(over);
      pending.clear();
    },
  };
}
