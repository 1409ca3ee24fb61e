import { checkFilePath, describeJson } from '../file-source.js';
import { isCommit } from './hub-cache.js';
import type { HubClient } from './hub-client.js';
import type { RemoteFile } from './hub-download.js';
import { HubError } from './hub-error.js';

/** A page lists 1,000 files. */
const MOST_PAGES = 1000;

/** The commit that a revision is now. @throws HubError */
export async function resolveCommit(client: HubClient, id: string, revision: string): Promise<string> {
  if (isCommit(revision)) return revision;
  const { modelInfo } = await import('@huggingface/hub');
  const where = `${id}@${revision}`;
  const { sha } = await malformed(where, () =>
    modelInfo({
      name: id,
      revision,
      hubUrl: client.endpoint,
      additionalFields: ['sha'],
      fetch: client.fetchFor(id, where),
    }),
  );
  if (typeof sha !== 'string' || !isCommit(sha)) throw answerError(where, `the commit ${describeJson(sha)}`);
  return sha;
}

/**
 * Every file of a model at a commit.
 * @throws HubError; FileSourceError for a path that would leave the model's directory
 */
export async function listRemoteFiles(client: HubClient, id: string, commit: string): Promise<RemoteFile[]> {
  const { listFiles } = await import('@huggingface/hub');
  const where = `${id}@${commit.slice(0, 7)}`;
  return malformed(where, async () => {
    const files: RemoteFile[] = [];
    const get = client.fetchFor(id, where);
    let pages = 0;
    const fetch: typeof globalThis.fetch = (input, init) => {
      pages += 1;
      if (pages > MOST_PAGES) throw answerError(where, `more than ${MOST_PAGES} pages of files`);
      return get(input, init);
    };
    for await (const { type, path, size, oid, lfs } of listFiles({
      repo: id,
      revision: commit,
      recursive: true,
      hubUrl: client.endpoint,
      fetch,
    })) {
      if (type !== 'file') continue;
      checkFilePath(path);
      const file = { path, size: lfs?.size ?? size, etag: lfs?.oid ?? oid ?? '' };
      if (
        typeof file.etag !== 'string' ||
        !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(file.etag) ||
        !Number.isSafeInteger(file.size) ||
        file.size < 0
      )
        throw answerError(
          `${where}/${path}`,
          `checksum ${describeJson(file.etag)} and size ${describeJson(file.size)}`,
        );
      files.push(file);
    }
    return files;
  });
}

/** What is no answer of a hub, such as a login page of a proxy, as an error that says so. */
async function malformed<T>(where: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      throw answerError(where, error.message, error);
    throw error;
  }
}

const answerError = (where: string, got: string, cause?: unknown): HubError =>
  new HubError(
    `${where}: expected an answer of a hub, got ${got} — check HF_ENDPOINT and what stands between`,
    'refused',
    undefined,
    undefined,
    { cause },
  );
