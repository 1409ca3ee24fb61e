import type { Answer } from './model-queue.js';
import { emptyInput, ServeError } from './serve-error.js';
import type { ServedModels } from './served-model.js';

/** What routes know of the server. */
export interface RouteContext {
  readonly models: ServedModels;
  /** Where a request does not say. */
  readonly autoTruncate: boolean;
  /** Most texts of a request. */
  readonly maxClientBatchSize: number;
}

/** A request as routes take it. */
export interface RouteRequest {
  /** Parsed JSON. */
  readonly body: unknown;
  /** Aborts when the client goes. */
  readonly signal: AbortSignal;
}

/** What a route answers. */
export interface RouteAnswer {
  readonly json: unknown;
  /** What the model's part was. */
  readonly from: Answer<unknown>;
}

export type Route = (context: RouteContext, request: RouteRequest) => Promise<RouteAnswer>;

/** The model that a route is about. @throws ServeError (424, as Text Embeddings Inference answers for a model of another kind) */
export function modelOf<Kind extends keyof ServedModels>(
  models: ServedModels,
  kind: Kind,
  route: string,
): NonNullable<ServedModels[Kind]> {
  const found = models[kind];
  if (found) return found as NonNullable<ServedModels[Kind]>;
  const served = Object.keys(models).join(', ');
  throw new ServeError(
    424,
    'backend',
    `${route}: expected a server with --${kind}, got one with ${served} — start it with such a model`,
  );
}

/** @throws ServeError for no texts or an empty one (400), and for more of them than a client may send (413) */
export function checkCount(
  where: string,
  texts: readonly string[],
  { maxClientBatchSize }: RouteContext,
  count = texts.length,
): void {
  if (texts.length === 0) throw emptyInput(where);
  if (count > maxClientBatchSize)
    throw new ServeError(
      413,
      'validation',
      `${where}: expected at most ${maxClientBatchSize} texts, got ${count} — send them in several requests`,
    );
}

/** @throws ServeError (400) for a text of no characters */
export function checkTexts(where: string, texts: readonly string[]): void {
  const empty = texts.indexOf('');
  if (empty >= 0) throw emptyInput(texts.length === 1 ? where : `${where}[${empty}]`);
}
