import { SessionError } from '../error.js';

/** Lets what changes a training session run one call at a time, until the session is disposed of. */
export interface Exclusive {
  /** @throws SessionError while another call runs, and after the end */
  alone<T>(where: string, work: () => Promise<T>): Promise<T>;
  /** Throws as `alone` does. */
  checkIdle(where: string): void;
  /** @throws SessionError after the end */
  check(where: string): void;
  /** False where it has ended before. */
  end(): boolean;
}

export function exclusive(): Exclusive {
  let busy = false;
  let ended = false;
  const check = (where: string): void => {
    if (ended)
      throw new SessionError(
        where,
        'expected a live training session, got one that was disposed — create it again',
      );
  };
  const checkIdle = (where: string): void => {
    check(where);
    if (busy)
      throw new SessionError(
        where,
        'expected one call at a time, got one while accumulate() or update() runs — await that first',
      );
  };
  return {
    check,
    checkIdle,
    async alone(where, work) {
      checkIdle(where);
      busy = true;
      try {
        return await work();
      } finally {
        busy = false;
      }
    },
    end() {
      const isFirst = !ended;
      ended = true;
      return isFirst;
    },
  };
}
