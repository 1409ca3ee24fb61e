import { OptionError } from '@rag/models';
import { TokenizerError } from '@rag/text';
import { BatchError, QueueFullError } from './batch-errors.js';

/** What was wrong, in the words of Text Embeddings Inference's documentation, and three of ours for what it answers without a body. */
export type ServeErrorType =
  | 'empty'
  | 'validation'
  | 'tokenizer'
  | 'backend'
  | 'overloaded'
  | 'unhealthy'
  | 'unauthorized'
  | 'not_found'
  | 'internal';

/** A request that is refused. */
export class ServeError extends Error {
  override readonly name = 'ServeError';
  constructor(
    /** Of HTTP. */
    readonly status: number,
    readonly type: ServeErrorType,
    message: string,
    /** Further headers of the answer. */
    readonly headers: Readonly<Record<string, string>> = {},
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The inputs of a request, which `where` names, are none. */
export const emptyInput = (where: string): ServeError =>
  new ServeError(400, 'empty', `${where}: expected at least one text that is not empty, got none`);

/** A field that is not what it should be. */
export const invalid = (where: string, problem: string): ServeError =>
  new ServeError(422, 'validation', `${where}: ${problem}`);

/** Options of models by the fields of requests that they come from. */
const fields: Readonly<Record<string, string>> = { promptName: 'prompt_name', dim: 'dimensions' };

/** An error as the refusal that a client is told; what nobody foresaw is `internal`, without its message. */
export function serveErrorOf(error: unknown): ServeError {
  if (error instanceof ServeError) return error;
  if (error instanceof QueueFullError)
    return new ServeError(429, 'overloaded', error.message, { 'retry-after': String(error.retryAfter) });
  if (error instanceof OptionError)
    return invalid(fields[error.option] ?? error.option, `${error.problem} — ${error.advice ?? 'change it'}`);
  if (error instanceof TokenizerError)
    return new ServeError(422, 'tokenizer', error.message, {}, { cause: error });
  if (error instanceof BatchError) return new ServeError(424, 'backend', error.message, {}, { cause: error });
  const message = 'server: expected an answer, got an error that nobody foresaw — see its log';
  return new ServeError(500, 'internal', message, {}, { cause: error });
}
