/**
 * What an endpoint's failure means: `busy` may be over the next time, `pair` is about this request alone, `fatal` is about
 * every one.
 */
export type EndpointFailure = 'busy' | 'pair' | 'fatal';

/** A request without an answer that could be read. Its message names no key. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
  constructor(
    message: string,
    readonly failure: EndpointFailure,
    facts: { readonly status?: number; readonly retryAfter?: number; readonly isBilled?: boolean } = {},
  ) {
    super(message);
    this.status = facts.status;
    this.retryAfter = facts.retryAfter;
    this.isBilled = facts.isBilled ?? false;
  }
  /** HTTP's; undefined where no head of an answer came. */
  readonly status: number | undefined;
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter: number | undefined;
  /** Whether the server may have done the work and charged for it: all that broke after an answer's head, or before one came. */
  readonly isBilled: boolean;
}

/** 400, 413 and 422 refuse what was asked, a passage that is too long above all; 401, 403, 404 and the like refuse all. */
export function failureOf(status: number): EndpointFailure {
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500) return 'busy';
  return status === 400 || status === 413 || status === 422 ? 'pair' : 'fatal';
}
