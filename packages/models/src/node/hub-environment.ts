import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { OptionError } from '../option-error.js';

/** Where a model of the hub comes from and where it is kept; what is left out comes from the environment. */
export interface HubOptions {
  /** A branch, a tag or a commit; `main` by default. */
  readonly revision?: string;
  /** Access token; by default HF_TOKEN, then the file that `hf auth login` writes. false sends none. */
  readonly token?: string | false;
  /** By default HF_HUB_CACHE, then HF_HOME/hub, then ~/.cache/huggingface/hub: the cache of Python's huggingface_hub. */
  readonly cacheDir?: string;
  /** Only what the cache holds, no request; by default as HF_HUB_OFFLINE says. */
  readonly offline?: boolean;
  /** The hub or a mirror of it; by default HF_ENDPOINT, then https://huggingface.co. */
  readonly endpoint?: string;
  /** Called as bytes arrive; never for what the cache has. */
  readonly onProgress?: (progress: HubProgress) => void;
  /** Stops requests; the promise is rejected with its reason. What has arrived is kept for the next attempt. */
  readonly signal?: AbortSignal;
}

/** How far fetching is, in bytes. */
export interface HubProgress {
  /** The file whose bytes arrived. */
  readonly path: string;
  readonly loaded: number;
  readonly size: number;
  /** The same over the files that this call fetches. */
  readonly allLoaded: number;
  readonly allSize: number;
}

/** Settings with nothing left open. */
export interface HubEnvironment {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly cacheDir: string;
  readonly token: string | undefined;
  readonly offline: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Options, then the variables of Python's huggingface_hub in its own order of precedence
 * (https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables).
 * @throws TypeError for an endpoint that is no http URL, OptionError for a token that no header can hold
 */
export async function hubEnvironment(
  options: Pick<HubOptions, 'endpoint' | 'cacheDir' | 'token' | 'offline'> = {},
  variables: Variables = process.env,
): Promise<HubEnvironment> {
  const home = expand(
    variables.HF_HOME ?? join(variables.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface'),
    variables,
  );
  const cacheDir =
    options.cacheDir ??
    expand(variables.HF_HUB_CACHE ?? variables.HUGGINGFACE_HUB_CACHE ?? join(home, 'hub'), variables);
  const endpoint = options.endpoint ?? (variables.HF_ENDPOINT || 'https://huggingface.co');
  return {
    endpoint: checkEndpoint(endpoint),
    cacheDir: resolve(cacheDir),
    token: checkToken(await tokenOf(options.token, home, variables)),
    offline: options.offline ?? isTrue(variables.HF_HUB_OFFLINE || variables.TRANSFORMERS_OFFLINE),
  };
}

async function tokenOf(
  given: string | false | undefined,
  home: string,
  variables: Variables,
): Promise<string | undefined> {
  if (given === false) return undefined;
  if (given !== undefined) return given.trim() || undefined;
  if (isTrue(variables.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const named = (variables.HF_TOKEN || variables.HUGGING_FACE_HUB_TOKEN)?.trim();
  if (named) return named;
  const path = expand(variables.HF_TOKEN_PATH ?? join(home, 'token'), variables);
  const stored = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw error;
  });
  return stored.trim() || undefined;
}

/** What a header cannot hold would be shown by the error of the request. */
function checkToken(token: string | undefined): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new OptionError(
    'token',
    'expected visible ASCII characters alone, got others (they are not shown)',
    'correct it, HF_TOKEN or the file of `hf auth login`',
  );
}

function checkEndpoint(endpoint: string): string {
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    throw new TypeError(
      `endpoint: expected an http(s) URL, got ${JSON.stringify(endpoint)} — correct HF_ENDPOINT or the option`,
    );
  return endpoint.replace(/\/+$/, '');
}

const isTrue = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '');

/** `~` and `$NAME` at the places where Python expands them. */
function expand(path: string, variables: Variables): string {
  return path
    .replace(/^~(?=$|[/\\])/, () => homedir())
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, bare, braced) => variables[bare ?? braced] ?? whole);
}
