/** Threads of one operator; one number for all sessions of a page. */
export const threads = (): number =>
  globalThis.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
