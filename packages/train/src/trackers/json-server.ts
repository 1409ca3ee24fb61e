import type { Clock } from '../distill/clock.js';
import { parseRetryAfter } from '../distill/retry-after.js';
import type { Credentials } from './credentials.js';
import { TransientError } from './tracker.js';

/** A server that answers JSON to JSON. */
export interface JsonServer {
  /** Origin and path. */
  readonly name: string;
  /**
   * One request; without a body it is a GET. The answer is a JSON object, `{}` where it is empty.
   * @throws TransientError where it may work later, ServerRefusal for another status than 200
   */
  ask(
    route: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>>;
}

/** A server that understood and said no. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
  constructor(
    message: string,
    readonly status: number,
    /** MLflow's `error_code`. */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

export interface JsonServerOptions {
  /** http or https, without a user. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Milliseconds until an answer must be complete. @default 30,000 */
  readonly timeout?: number;
}

/** Longest answer that is read, in bytes. */
const maxAnswerBytes = 2 ** 22;
/** Characters of a server's own words in an error. */
const quoted = 200;

/**
 * Follows no redirects, which would carry the secret elsewhere, and repeats nothing by itself.
 * @throws Error for what is no http(s) address, or one with a user in it
 */
export function jsonServer({ url, credentials, clock, timeout = 30_000 }: JsonServerOptions): JsonServer {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw new Error(
      `tracking server: expected an http or https address, got another — start it with http://`,
    );
  if (base.username !== '' || base.password !== '')
    throw new Error(
      `${base.host}: expected an address without user and password, got one with — put them into environment variables`,
    );
  const name = `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
  const shorten = (text: string): string => {
    const line = credentials.hide(text).replace(/\s+/g, ' ').trim();
    return line.length > quoted ? `${line.slice(0, quoted)}…` : line;
  };
  return {
    name,
    async ask(route, body, signal) {
      signal.throwIfAborted();
      const where = `${name}/${route.split('?')[0]}`;
      const limit = AbortSignal.any([signal, clock.deadline(timeout)]);
      let answer: Response;
      let text: string;
      try {
        answer = await fetch(`${name}/${route}`, {
          method: body === undefined ? 'GET' : 'POST',
          redirect: 'manual',
          headers: {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(credentials.authorization !== undefined && { authorization: credentials.authorization }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          signal: limit,
        });
        text = await readText(answer);
      } catch (cause) {
        const got = limit.aborted
          ? signal.aborted
            ? 'none before the deadline'
            : `none in ${timeout / 1000} s`
          : shorten(reasonOf(cause));
        throw new TransientError(`${where}: expected an answer, got ${got}`);
      }
      const { status } = answer;
      if (status === 429 || status === 408 || status >= 500)
        throw new TransientError(
          `${where}: expected status 200, got ${status}`,
          parseRetryAfter(answer.headers.get('retry-after'), clock.now()),
        );
      const value = parseObject(text);
      if (!answer.ok)
        throw new ServerRefusal(
          `${where}: expected status 200, got ${status}${text.trim() === '' ? '' : ` (${shorten(text)})`}`,
          status,
          typeof value?.error_code === 'string' ? value.error_code : undefined,
        );
      if (value === undefined)
        throw new ServerRefusal(`${where}: expected a JSON object, got ${shorten(text)}`, status, undefined);
      return value;
    },
  };
}

async function readText(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error(`more than ${maxAnswerBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value of an answer has fields. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** fetch says only "fetch failed"; the reason is its cause. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
