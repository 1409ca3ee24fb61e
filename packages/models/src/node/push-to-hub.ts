import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FileSourceError } from '../file-source.js';
import { checkRevision } from './hub-cache.js';
import { type HubTiming, hubClient } from './hub-client.js';
import { type HubOptions, hubEnvironment } from './hub-environment.js';
import { HubError } from './hub-error.js';
import { checkHubId } from './hub-id.js';

export interface PushOptions extends Pick<HubOptions, 'token' | 'endpoint' | 'signal'> {
  /** Who may see a model that this creates; by default what the account says. One that exists stays as it is. */
  readonly private?: boolean;
  /** The branch to commit to; `main` by default. */
  readonly revision?: string;
  /** First line of the commit. */
  readonly commitMessage?: string;
  readonly commitDescription?: string;
  /** Opens a pull request in place of a commit to the branch. */
  readonly createPullRequest?: boolean;
  /** Which files go up, by their path in the directory; all by default, hidden ones left out. */
  readonly filter?: (path: string) => boolean;
  /** Called as a file is hashed and uploaded; `progress` is a share. */
  readonly onProgress?: (event: { path: string; state: 'hashing' | 'uploading'; progress: number }) => void;
  readonly timing?: HubTiming;
}

/** A commit on the hub. */
export interface Pushed {
  readonly commit: string;
  readonly url: string;
  readonly pullRequestUrl?: string;
}

// The library refuses tokens that do not begin so; the client's fetch sends the real one.
const ACCESS_TOKEN = 'hf_';

/**
 * Uploads a directory's files as one commit: all of them appear on the hub, or none. The model is created where it does
 * not exist; files of it that the directory lacks stay.
 * @throws HubError, with reason "unauthorized" before any request where there is no token; FileSourceError for a directory
 * without files
 */
export async function pushToHub(directory: string, id: string, options: PushOptions = {}): Promise<Pushed> {
  checkHubId(id);
  const { revision: branch = 'main', signal, timing, filter = () => true } = options;
  checkRevision(branch);
  if (!id.includes('/'))
    throw new RangeError(
      `id: expected "<account>/<name>", got ${JSON.stringify(id)} — put the account in front`,
    );
  const { endpoint, token, offline } = await hubEnvironment(options);
  if (offline)
    throw new HubError(`${id}: expected a connection, got offline mode — unset HF_HUB_OFFLINE`, 'offline');
  if (token === undefined)
    throw new HubError(
      `${id}: expected a token with the right to write, got none — pass token, set HF_TOKEN, or log in with \`hf auth login\``,
      'unauthorized',
    );
  const paths = (await filesOf(directory)).filter(filter);
  if (paths.length === 0)
    throw new FileSourceError(directory, `${directory}: expected files to upload, got none — check the path`);

  const { createRepo, commitIter } = await import('@huggingface/hub');
  const fetch = hubClient({ endpoint, token, signal, ...(timing && { timing }) }).fetchFor(id);
  const shared = { repo: id, hubUrl: endpoint, accessToken: ACCESS_TOKEN, fetch };
  await createRepo({ ...shared, ...(options.private !== undefined && { private: options.private }) }).catch(
    (error: unknown) => {
      // 409: it is there already.
      if (!(error instanceof HubError) || error.status !== 409) throw error;
    },
  );
  const steps = commitIter({
    ...shared,
    title: options.commitMessage ?? `Upload ${paths.length} file${paths.length === 1 ? '' : 's'}`,
    branch,
    operations: paths.map((path) => ({
      operation: 'addOrUpdate',
      path,
      content: pathToFileURL(join(resolve(directory), path)),
    })),
    ...(options.commitDescription !== undefined && { description: options.commitDescription }),
    ...(options.createPullRequest && { isPullRequest: true }),
    ...(signal && { abortSignal: signal }),
  });
  for (;;) {
    signal?.throwIfAborted();
    const step = await steps.next();
    if (step.done) {
      const output = step.value;
      if (!output)
        throw new HubError(
          `${id}: expected the commit that was made, got none — see ${endpoint}/${id}`,
          'refused',
        );
      const { commit, pullRequestUrl } = output;
      return { commit: commit.oid, url: commit.url, ...(pullRequestUrl !== undefined && { pullRequestUrl }) };
    }
    const event = step.value;
    if (event.event !== 'fileProgress') continue;
    const { path, state, progress } = event;
    if (state === 'error')
      throw new HubError(`${id}/${path}: expected its upload, got a failure — call again`, 'refused');
    options.onProgress?.({ path, state, progress });
  }
}

/** Files by their path in the directory, sorted; hidden ones, such as `.git`, left out. */
async function filesOf(directory: string, folder = ''): Promise<string[]> {
  const entries = await readdir(join(directory, folder)).catch((cause: unknown) => {
    throw new FileSourceError(directory, `${directory}: expected a directory, got none — check the path`, {
      cause,
    });
  });
  const paths: string[] = [];
  for (const name of entries.sort()) {
    if (name.startsWith('.')) continue;
    const path = folder === '' ? name : `${folder}/${name}`;
    // Links are followed: a snapshot of the cache is made of them.
    const found = await stat(join(directory, path));
    if (found.isDirectory()) paths.push(...(await filesOf(directory, path)));
    else if (found.isFile()) paths.push(path);
  }
  return paths;
}
