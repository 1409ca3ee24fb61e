/** No place in the queue. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  constructor(
    /** Seconds after which there may be one. */
    readonly retryAfter: number,
  ) {
    super(`queue: expected a place, got a full one — ask again in ${retryAfter} s`);
  }
}

/** A model that failed on a request's inputs; `cause` is what it threw. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  constructor(options: { readonly cause: unknown }) {
    const { cause } = options;
    super(`model: expected outputs, got ${cause instanceof Error ? cause.message : String(cause)}`, options);
  }
}
