/** Why the hub did not give what was asked for. */
export type HubErrorReason =
  | 'not-found'
  | 'unauthorized'
  | 'gated'
  | 'forbidden'
  | 'busy'
  | 'server'
  | 'refused'
  | 'network'
  | 'integrity'
  | 'offline';

/** A request that failed, or content that is not what the hub said it would be. */
export class HubError extends Error {
  override name = 'HubError';
  constructor(
    message: string,
    readonly reason: HubErrorReason,
    /** HTTP status, where there was an answer. */
    readonly status?: number,
    readonly url?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a request was for, and with what. */
export interface RequestContext {
  /** `org/name`, with revision and file where they matter. */
  readonly where: string;
  /** `org/name`. */
  readonly id: string;
  readonly endpoint: string;
  readonly hasToken: boolean;
}

/**
 * An answer that is no success, in words: which status, and what to do about it. The hub answers 401 for a name that does
 * not exist as for a private one, so that names of private models cannot be guessed.
 */
export function hubErrorOf(response: Response, { where, id, endpoint, hasToken }: RequestContext): HubError {
  const { status, url } = response;
  const code = response.headers.get('x-error-code');
  const said = response.headers.get('x-error-message');
  const error = (reason: HubErrorReason, expected: string, advice: string) =>
    new HubError(
      `${where}: expected ${expected}, got HTTP ${status}${said ? ` (${said})` : ''} from ${originOf(url) || endpoint} — ${advice}`,
      reason,
      status,
      withoutQuery(url),
    );
  const tokenAdvice = hasToken
    ? 'check the spelling, and that the token belongs to an account that may read it'
    : 'check the spelling; if it is private, pass token or set HF_TOKEN (or log in with `hf auth login`)';

  if (code === 'GatedRepo')
    return error(
      'gated',
      'access to a gated model',
      `accept its conditions at ${endpoint}/${id}, then pass a token of that account${hasToken ? '; the one that was sent has no access' : ' (token, HF_TOKEN)'}`,
    );
  if (code === 'RevisionNotFound')
    return error(
      'not-found',
      'a revision of this name',
      'name a branch, a tag or a commit that the model has',
    );
  if (code === 'EntryNotFound')
    return error('not-found', 'a file of this name', 'the model has no such file at this revision');
  if (code === 'RepoNotFound' || (status === 401 && !/invalid credentials|token/i.test(said ?? '')))
    return error(status === 401 ? 'unauthorized' : 'not-found', 'a model of this name', tokenAdvice);
  if (status === 401)
    return error('unauthorized', 'a token that is valid', 'renew token, HF_TOKEN or `hf auth login`');
  if (status === 403)
    return error('forbidden', 'permission', 'use a token with the right to this model and this operation');
  if (status === 404)
    return error(
      'not-found',
      'an answer of a hub',
      `check the name, and that ${endpoint} is a hub (HF_ENDPOINT)`,
    );
  if (status === 408 || status === 429)
    return error('busy', 'an answer', 'too many requests: wait, then call again');
  if (status >= 500) return error('server', 'an answer', 'the hub has a problem: call again later');
  return error('refused', 'an answer', 'the hub refused the request');
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : '');

/** Signed addresses carry secrets in their query. */
export const withoutQuery = (url: string): string => url.split('?')[0]!;
