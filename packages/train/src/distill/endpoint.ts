import { ConfigError } from '../config/config-error.js';
import { type Clock, systemClock } from './clock.js';
import { EndpointError, failureOf } from './endpoint-error.js';
import { parseRetryAfter } from './retry-after.js';
import type { Secret } from './secret.js';

/** Where an OpenAI-compatible server is, and how it is asked. */
export interface EndpointOptions {
  /** Its base, which routes are put behind: `http://127.0.0.1:8000/v1`. */
  readonly endpoint: string;
  readonly secret?: Secret;
  /** Milliseconds until an answer must be complete. @default 120,000 */
  readonly timeout?: number;
  readonly clock?: Clock;
}

/** An OpenAI-compatible server. */
export interface Endpoint {
  /** Origin and path: what errors and kept scores call it. */
  readonly name: string;
  /** One request to a route such as `chat/completions`; the answer is some JSON object. @throws EndpointError, or the signal's reason */
  post(route: string, body: object, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
}

/** Longest answer that is read, in bytes: echoed log-probabilities of a long prompt are some megabytes. */
const maxAnswerBytes = 2 ** 25;
/** Characters of a server's own words in an error. */
const quoted = 200;

/**
 * A client of one server. It follows no redirects, which would carry the key elsewhere, and repeats nothing by itself.
 * @throws ConfigError for what is no http(s) address, or one with a password in it
 */
export function openEndpoint({
  endpoint,
  secret,
  timeout = 120_000,
  clock = systemClock,
}: EndpointOptions): Endpoint {
  const base = parseBase(endpoint);
  const name = `${base.origin}${base.pathname}`;
  const hide = secret?.hide ?? ((text: string) => text);
  const shorten = (text: string): string => {
    const line = hide(text).replace(/\s+/g, ' ').trim();
    return line.length > quoted ? `${line.slice(0, quoted)}…` : line;
  };
  return {
    name,
    async post(route, body, signal) {
      signal.throwIfAborted();
      const url = new URL(base);
      url.pathname = `${base.pathname}/${route}`;
      const where = `${name}/${route}`;
      const stop = AbortSignal.any([signal, clock.deadline(timeout)]);
      const broken = (cause: unknown, status?: number): EndpointError => {
        // The caller's own stop is no failure of the server.
        signal.throwIfAborted();
        const got = stop.aborted ? `none in ${timeout / 1000} s` : shorten(reasonOf(cause));
        return new EndpointError(`${where}: expected a complete answer, got ${got}`, 'busy', {
          ...(status !== undefined && { status }),
          isBilled: !isRefusedConnection(cause),
        });
      };
      let answer: Response;
      try {
        answer = await fetch(url, {
          method: 'POST',
          redirect: 'manual',
          headers: {
            'content-type': 'application/json',
            ...(secret && { authorization: secret.authorization }),
          },
          body: JSON.stringify(body),
          signal: stop,
        });
      } catch (cause) {
        throw broken(cause);
      }
      const { status } = answer;
      let text: string;
      try {
        text = await readText(answer);
      } catch (cause) {
        if (cause instanceof AnswerTooLong)
          throw new EndpointError(`${where}: ${cause.message}`, 'pair', { status, isBilled: true });
        throw broken(cause, status);
      }
      if (!answer.ok) {
        const retryAfter = parseRetryAfter(answer.headers.get('retry-after'), clock.now());
        throw new EndpointError(
          `${where}: expected status 200, got ${status}${text.trim() === '' ? '' : ` (${shorten(text)})`}`,
          failureOf(status),
          { status, ...(retryAfter !== undefined && { retryAfter }) },
        );
      }
      // Before anything is cut off, which would leave a part of a key.
      const value = parseObject(hide(text));
      if (value === undefined)
        throw new EndpointError(
          `${where}: expected a JSON object, got ${text.trim() === '' ? 'nothing' : shorten(text)}`,
          'busy',
          { status, isBilled: true },
        );
      return value;
    },
  };
}

function parseBase(endpoint: string): URL {
  const refuse = (expected: string, advice: string): never => {
    // The text is not repeated: it may hold a password.
    throw new ConfigError('--endpoint', undefined, `expected ${expected}, got another text — ${advice}`);
  };
  const expected = 'an address such as http://127.0.0.1:8000/v1';
  if (!URL.canParse(endpoint)) return refuse(expected, 'begin it with http:// or https://');
  const url = new URL(endpoint);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    refuse(expected, 'begin it with http:// or https://');
  if (url.username !== '' || url.password !== '')
    refuse('an address without a user name or password', 'give a key by --api_key_env');
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

class AnswerTooLong extends Error {}

async function readText(answer: Response): Promise<string> {
  if (answer.body === null) return '';
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop cancels the body.
    if (bytes > maxAnswerBytes)
      throw new AnswerTooLong(`expected an answer of at most ${maxAnswerBytes} bytes, got a longer one`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** fetch says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  for (let at = error; ; at = at.cause)
    if (!(at instanceof Error) || !(at.cause instanceof Error))
      return at instanceof Error ? (codeOf(at) ?? at.message) : String(at);
}

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Nothing was sent. */
function isRefusedConnection(error: unknown): boolean {
  const reason = reasonOf(error);
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(reason);
}
