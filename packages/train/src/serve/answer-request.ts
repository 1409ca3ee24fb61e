import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { apiKeyCheck } from './api-key.js';
import { embedAllRoute, embedRoute, openaiRoute, similarityRoute } from './embed-routes.js';
import type { Answer } from './model-queue.js';
import { readBody } from './read-body.js';
import { rerankRoute } from './rerank-route.js';
import type { Route, RouteContext } from './route.js';
import { ServeError, serveErrorOf } from './serve-error.js';
import type { ServeMetrics } from './serve-metrics.js';
import type { ServedModel } from './served-model.js';

/** What answering takes. */
export interface AnswerContext extends RouteContext {
  readonly metrics: ServeMetrics;
  readonly info: unknown;
  readonly apiKey?: string;
  /** Bytes of a body. */
  readonly payloadLimit: number;
  /** Milliseconds in which a client takes an answer. */
  readonly writeTimeout: number;
  /** Whether the server is going down. */
  readonly isClosing: () => boolean;
  /** A line about a failure of the server's; never holds texts of users. */
  readonly log: (line: string) => void;
}

const routes: Readonly<Record<string, Route>> = {
  '/embed': embedRoute,
  '/embed_all': embedAllRoute,
  '/rerank': rerankRoute,
  '/similarity': similarityRoute,
  '/embeddings': openaiRoute,
  '/v1/embeddings': openaiRoute,
};

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
}

/** The listener of a server: routes, errors with their request's id, numbers. */
export function requestAnswerer(context: AnswerContext) {
  const isAllowed = apiKeyCheck(context.apiKey);
  const health = healthCheck(Object.values(context.models) as readonly ServedModel[]);

  const replyTo = async (request: IncomingMessage, path: string, signal: AbortSignal): Promise<Reply> => {
    if (context.isClosing())
      throw new ServeError(503, 'unhealthy', 'server: expected one that runs, got one that is going down');
    const { method = '' } = request;
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    const isGet = ['/', '/health', '/ping', '/metrics', '/info'].includes(path);
    if (!route && !isGet)
      throw new ServeError(404, 'not_found', 'path: expected a route of this server, got another');
    const allowed = route ? ['POST'] : ['GET', 'HEAD'];
    if (!allowed.includes(method))
      throw new ServeError(405, 'validation', `method: expected ${allowed[0]}, got another`, {
        allow: allowed.join(', '),
      });
    if (path === '/metrics')
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        text: context.metrics.text(),
      };
    if (isGet && path !== '/info') {
      await health();
      return { status: 200, text: '' };
    }
    if (!isAllowed(request.headers.authorization))
      throw new ServeError(401, 'unauthorized', 'authorization: expected "Bearer" and the key, got another', {
        'www-authenticate': 'Bearer',
      });
    if (!route) return { status: 200, json: context.info };
    const started = performance.now();
    context.metrics.onRequest(path);
    const body = await readBody(request, context.payloadLimit);
    const { json, from } = await route(context, { body, signal });
    const milliseconds = performance.now() - started;
    context.metrics.onAnswer(path, milliseconds);
    context.metrics.onModel(path, from);
    return { status: 200, json, headers: timingHeaders(milliseconds, from) };
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = requestId(request.headers['x-request-id']);
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const control = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) control.abort(new Error('the client went'));
    });
    let reply: Reply;
    try {
      reply = await replyTo(request, path, control.signal);
    } catch (error) {
      const known = Object.hasOwn(routes, path) ? path : 'other';
      if (control.signal.aborted) return context.metrics.onFailure(known, 'cancelled');
      const refusal = serveErrorOf(error);
      context.metrics.onFailure(known, refusal.type);
      if (refusal.status === 500 || refusal.status === 424)
        context.log(`${id} ${known} ${refusal.status} ${refusal.type}: ${causeOf(refusal)}`);
      reply = { status: refusal.status, headers: refusal.headers, json: errorBody(refusal, id, path) };
      // A body that nobody will read.
      request.resume();
    }
    const text = reply.text ?? JSON.stringify(reply.json);
    if (response.destroyed) return;
    response.writeHead(reply.status, {
      'content-type': reply.text === undefined ? 'application/json' : 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'x-request-id': id,
      ...reply.headers,
      ...(context.isClosing() && { connection: 'close' }),
    });
    response.setTimeout(context.writeTimeout, () => response.destroy());
    response.end(request.method === 'HEAD' ? undefined : text);
  };
}

/** Text Embeddings Inference's error, and for OpenAI's routes what its clients read besides. */
function errorBody({ message, type, status }: ServeError, request_id: string, path: string): unknown {
  if (!path.endsWith('/embeddings')) return { error: message, error_type: type, request_id };
  return { message, code: status, type, error: { message, type, code: status, param: null }, request_id };
}

/** An unforeseen error is told by its class alone: its message may hold anything. */
const causeOf = ({ status, message, cause }: ServeError): string =>
  status === 500 ? (cause instanceof Error ? cause.name : typeof cause) : message;

const timingHeaders = (total: number, { tokens, timing }: Answer<unknown>): Record<string, string> => ({
  'x-compute-tokens': String(tokens.reduce((sum, one) => sum + one, 0)),
  'x-total-time': String(Math.round(total)),
  ...Object.fromEntries(
    Object.entries(timing).map(([name, ms]) => [`x-${name}-time`, String(Math.round(ms))]),
  ),
});

/** A client's own id where it is short and plain, so that it can stand in a log. */
const requestId = (given: string | string[] | undefined): string =>
  typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();

/** Every model runs an input of its own, unless it is at work, which is life enough; callers of one moment share the answer. */
function healthCheck(models: readonly ServedModel[]): () => Promise<void> {
  let asked: Promise<void> | undefined;
  const probe = async (): Promise<void> => {
    try {
      await Promise.all(models.map(async (model) => model.held > 0 || model.probe()));
    } catch (cause) {
      throw new ServeError(
        503,
        'unhealthy',
        'server: expected models that run, got one that fails',
        {},
        { cause },
      );
    } finally {
      asked = undefined;
    }
  };
  return () => {
    asked ??= probe();
    return asked;
  };
}
