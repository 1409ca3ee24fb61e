import { setTimeout as delay } from 'node:timers/promises';
import { HubError, hubErrorOf, type RequestContext, withoutQuery } from './hub-error.js';

/** How long the client waits, in milliseconds, and how often it tries. */
export interface HubTiming {
  /** Attempts after the first. */
  readonly retries: number;
  /** Before the second attempt; doubled each time, up to `longestDelay`. */
  readonly firstDelay: number;
  readonly longestDelay: number;
  /** Without a header or a byte of the body for so long, a connection counts as cut. */
  readonly silence: number;
}

export const hubTiming: HubTiming = {
  retries: 5,
  firstDelay: 500,
  longestDelay: 8_000,
  silence: 60_000,
};

/** Requests to one hub. */
export interface HubClient {
  readonly endpoint: string;
  readonly timing: HubTiming;
  readonly signal: AbortSignal | undefined;
  /**
   * `fetch` for requests about one thing: the token goes to the hub's own origin only; answers that say "later" and broken
   * connections are tried again where repeating is harmless; redirects with `redirect: 'manual'` are returned.
   * @throws HubError for what is no success in the end
   */
  fetchFor(id: string, where?: string): typeof fetch;
  /** The same client, stopped by this signal too. */
  stoppedBy(signal: AbortSignal): HubClient;
  /** Waits before attempt `attempt` + 1; rejected where the signal says stop. */
  pause(attempt: number, retryAfter?: number): Promise<void>;
}

export interface HubClientOptions {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timing?: HubTiming;
}

export function hubClient({ endpoint, token, signal, timing = hubTiming }: HubClientOptions): HubClient {
  const { origin } = new URL(endpoint);
  const pause: HubClient['pause'] = async (attempt, retryAfter = 0) => {
    const wait = Math.min(timing.longestDelay, Math.max(timing.firstDelay * 2 ** attempt, retryAfter));
    await delay(wait, undefined, signal && { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  };

  const once = async (url: string, init: RequestInit, context: RequestContext): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    // A CDN's signed address refuses a second credential, and must not learn the first.
    if (token !== undefined && new URL(url).origin === origin)
      headers.set('authorization', `Bearer ${token}`);
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`no answer in ${timing.silence} ms`)),
      timing.silence,
    );
    const signals = [late.signal, signal, init.signal].filter((one) => one instanceof AbortSignal);
    try {
      return await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
    } catch (cause) {
      signal?.throwIfAborted();
      init.signal?.throwIfAborted();
      throw networkError(url, context, cause);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    endpoint,
    timing,
    signal,
    pause,
    stoppedBy: (also) =>
      hubClient({ endpoint, token, timing, signal: signal ? AbortSignal.any([signal, also]) : also }),
    fetchFor: (id, where = id) => {
      const context: RequestContext = { where, id, endpoint, hasToken: token !== undefined };
      return async (input, init = {}) => {
        const url = input instanceof Request ? input.url : String(input);
        const method = init.method ?? 'GET';
        // A commit or a new repository must not be asked for twice; an upload by content may.
        const attempts = method === 'POST' ? 0 : timing.retries;
        for (let attempt = 0; ; attempt++) {
          const answer = await once(url, init, context).catch((error: unknown) => error as Error);
          if (answer instanceof Response) {
            const { status } = answer;
            if (answer.ok || (init.redirect === 'manual' && status >= 300 && status < 400)) return answer;
            const failure = hubErrorOf(answer, context);
            const retryAfter = Number(answer.headers.get('retry-after') ?? 0) * 1000;
            await answer.body?.cancel();
            if (attempt >= attempts || !isTransient(failure)) throw failure;
            await pause(attempt, Number.isFinite(retryAfter) ? retryAfter : 0);
          } else {
            if (attempt >= attempts || !isTransient(answer)) throw answer;
            await pause(attempt);
          }
        }
      };
    },
  };
}

/** A connection that could not be made or that broke. */
export function networkError(url: string, { where }: { where: string }, cause: unknown): HubError {
  const host = new URL(url).host;
  return new HubError(
    `${where}: expected an answer from ${host}, got ${reasonOf(cause)} — check the connection, a proxy and HF_ENDPOINT, then call again: what has arrived is kept`,
    'network',
    undefined,
    withoutQuery(url),
    { cause },
  );
}

/** Failures that may be over the next time. */
export const isTransient = (error: unknown): error is HubError =>
  error instanceof HubError && ['network', 'server', 'busy'].includes(error.reason);

/** fetch says "fetch failed" and hides why in the cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause;
  if (!(inner instanceof Error)) return cause.message;
  return `${cause.message} (${(inner as NodeJS.ErrnoException).code ?? inner.message})`;
}
