import { checkFilePath, FileSourceError, missingFolder } from '../file-source.js';
import { neededFiles } from '../needed-files.js';
import type { OnnxChoice } from '../onnx-file/variants.js';
import { type DirectorySource, directorySource } from './directory-source.js';
import { checkRevision, type HubCache, hubCache } from './hub-cache.js';
import { type HubClient, type HubTiming, hubClient } from './hub-client.js';
import { downloadBlob, type RemoteFile } from './hub-download.js';
import { type HubOptions, hubEnvironment } from './hub-environment.js';
import { HubError } from './hub-error.js';
import { checkHubId } from './hub-id.js';
import { listRemoteFiles, resolveCommit } from './hub-repository.js';

/** A model of the hub, at one commit. */
export interface HubSource extends DirectorySource {
  readonly id: string;
  /** The commit that the revision was when it was opened. */
  readonly commit: string;
  /** The snapshot in the cache, which other programs open too; what was not needed is not there. */
  readonly directory: string;
}

export interface HubSourceOptions extends HubOptions {
  /** Paths to fetch before the source is given; by default what opening the checkpoint reads. Others follow when they are read. */
  readonly files?: readonly string[];
  /** The ONNX file that is opened in place of weights; see `chooseOnnx`. */
  readonly onnx?: OnnxChoice;
  /** Waiting and retrying. */
  readonly timing?: HubTiming;
}

/** Downloads at a time. */
const AT_ONCE = 4;

/**
 * A model of the hub over the cache that Python's huggingface_hub shares: fetches what opening the model needs, with what
 * the cache has left out, what was cut gone on with, and size and checksum compared; any other file when it is read.
 * A revision that was fetched whole opens offline afterwards.
 * @throws HubError; RangeError for what is no id or revision
 */
export async function hubSource(id: string, options: HubSourceOptions = {}): Promise<HubSource> {
  checkHubId(id);
  const { revision = 'main', signal, timing } = options;
  checkRevision(revision);
  const { endpoint, cacheDir, token, offline } = await hubEnvironment(options);
  const cache = hubCache(cacheDir, id);
  if (offline) return offlineSource(id, revision, cache);
  const client = hubClient({ endpoint, token, signal, ...(timing && { timing }) });
  const reached = await Promise.resolve()
    .then(async () => {
      const commit = await resolveCommit(client, id, revision);
      return { commit, files: await listRemoteFiles(client, id, commit) };
    })
    .catch(async (error: unknown) => {
      throw await withCacheAdvice(error, revision, cache);
    });
  const { commit, files } = reached;
  const source = await onlineSource({ id, commit, cache, client }, files, options);
  await cache.noteCommit(revision, commit);
  return source;
}

async function offlineSource(id: string, revision: string, cache: HubCache): Promise<HubSource> {
  const commit = await cache.commitOf(revision);
  const directory = commit === undefined ? undefined : cache.snapshot(commit);
  const local = directory && (await directorySource(directory).catch(ifMissing));
  if (!local || !directory || commit === undefined)
    throw new HubError(
      `${id}@${revision}: expected it in the cache (${cache.folder}), since offline is asked for (HF_HUB_OFFLINE), got no such revision there — fetch it once with a connection, or name another cacheDir (HF_HUB_CACHE)`,
      'offline',
    );
  return { ...local, id, commit };
}

interface Opened {
  readonly id: string;
  readonly commit: string;
  readonly cache: HubCache;
  readonly client: HubClient;
}

async function onlineSource(
  opened: Opened,
  files: readonly RemoteFile[],
  { files: wanted, onnx, onProgress }: HubSourceOptions,
): Promise<HubSource> {
  const { id, commit, cache } = opened;
  const byPath = new Map(files.map((file) => [file.path, file]));
  const find = (path: string): RemoteFile => {
    checkFilePath(path);
    const file = byPath.get(path);
    if (!file)
      throw new FileSourceError(
        path,
        `${id}@${commit.slice(0, 7)}/${path}: expected a file of the model, got none of this name — see ${opened.client.endpoint}/${id}/tree/${commit}`,
      );
    return file;
  };
  const there = new Set<string>();
  const ensure = async (paths: readonly string[]) => {
    const files = [...new Set(paths)].filter((path) => !there.has(path)).map(find);
    if (files.length > 0) await fetchMissing(opened, files, onProgress);
    for (const { path } of files) there.add(path);
  };
  let local: Promise<DirectorySource> | undefined;
  const open = async (path: string) => {
    await ensure([path]);
    local ??= directorySource(cache.snapshot(commit));
    return local;
  };
  await ensure(
    wanted ??
      (await neededFiles(
        [...byPath.keys()],
        async (path) => {
          const source = await open(path);
          return new TextDecoder().decode(await source.read(path, 0, find(path).size));
        },
        onnx,
      )),
  );
  return {
    id,
    commit,
    directory: cache.snapshot(commit),
    read: async (path, offset, length) => (await open(path)).read(path, offset, length),
    size: async (path) => find(path).size,
    localPath: async (path) => (await open(path)).localPath(path),
    async list(folder) {
      const prefix = folder === undefined ? '' : `${folder}/`;
      if (folder !== undefined) checkFilePath(folder);
      const inside = [...byPath.keys()].filter((path) => path.startsWith(prefix));
      if (folder !== undefined && inside.length === 0) throw missingFolder(folder, `${id}/${folder}`);
      return inside
        .map((path) => path.slice(prefix.length))
        .filter((name) => !name.includes('/'))
        .sort();
    },
  };
}

/** Fetches those of the files that the snapshot lacks, or has with another size; the first failure stops the others. */
async function fetchMissing(
  { id, commit, cache, client }: Opened,
  files: readonly RemoteFile[],
  onProgress: HubOptions['onProgress'],
): Promise<void> {
  const missing: RemoteFile[] = [];
  for (const file of files) if ((await cache.sizeOf(commit, file.path)) !== file.size) missing.push(file);
  const allSize = missing.reduce((sum, { size }) => sum + size, 0);
  const loadedOf = new Map<string, number>();
  const queue = [...missing];
  const stop = new AbortController();
  const stoppable = client.stoppedBy(stop.signal);
  const report = ({ path, size }: RemoteFile) => {
    return (loaded: number) => {
      loadedOf.set(path, loaded);
      const allLoaded = [...loadedOf.values()].reduce((sum, one) => sum + one, 0);
      onProgress?.({ path, loaded, size, allLoaded, allSize });
    };
  };
  const worker = async () => {
    for (let file = queue.shift(); file && !stop.signal.aborted; file = queue.shift()) {
      const { path, size, etag } = file;
      // Another revision may have brought the same content.
      if ((await cache.blobSize(etag)) !== size)
        await downloadBlob(stoppable, { id, commit, blob: cache.blob(etag) }, file, report(file));
      await cache.link(commit, path, etag);
    }
  };
  const failing = (error: unknown) => {
    stop.abort(error);
    throw error;
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, queue.length) }, () => worker().catch(failing));
  // All of them have stopped before the error is reported, so that nothing writes afterwards.
  await Promise.allSettled(workers);
  if (stop.signal.aborted) throw stop.signal.reason;
}

/** Where the hub cannot be reached but the cache has the revision, the error says how to use it: nothing falls back unasked. */
async function withCacheAdvice(error: unknown, revision: string, cache: HubCache): Promise<unknown> {
  if (!(error instanceof HubError) || !['network', 'server', 'busy'].includes(error.reason)) return error;
  const commit = await cache.commitOf(revision).catch(() => undefined);
  if (commit === undefined || !(await directorySource(cache.snapshot(commit)).catch(ifMissing))) return error;
  return new HubError(
    `${error.message}; the cache has commit ${commit}: offline: true (HF_HUB_OFFLINE=1) opens it`,
    error.reason,
    error.status,
    error.url,
    { cause: error },
  );
}

function ifMissing(error: unknown): undefined {
  if (error instanceof FileSourceError) return undefined;
  throw error;
}
