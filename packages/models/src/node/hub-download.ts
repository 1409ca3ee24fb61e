import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type HubClient, isTransient, networkError } from './hub-client.js';
import { HubError, withoutQuery } from './hub-error.js';
import { claimPartial } from './hub-partial.js';

/** A file of a model as the hub lists it. */
export interface RemoteFile {
  readonly path: string;
  /** Bytes of the content, not of a Git LFS pointer. */
  readonly size: number;
  /** The name of its blob and its checksum: the content's SHA-256 for Git LFS, else git's SHA-1 of the blob. */
  readonly etag: string;
}

/** Where a file is. */
export interface RemoteLocation {
  readonly id: string;
  readonly commit: string;
  /** Path of the blob in the cache. */
  readonly blob: string;
}

const REDIRECTS = 6;

/** Downloads of this process by blob, so that two who want the same wait for one. */
const running = new Map<string, Promise<void>>();

// Own code, not the library's: its download neither resumes nor checks what arrived, names the snapshot after the file's
// last commit instead of the revision's, and prints.
/**
 * Fetches a file into its blob, going on where an earlier attempt was cut; the blob appears only when size and checksum
 * are right.
 * @param onBytes called with the bytes of the file that are on disk
 * @throws HubError
 */
export function downloadBlob(
  client: HubClient,
  location: RemoteLocation,
  file: RemoteFile,
  onBytes: (loaded: number) => void = () => {},
): Promise<void> {
  const before = running.get(location.blob);
  // The one that is waited for may be stopped by its own signal.
  if (before) return before.catch(() => downloadBlob(client, location, file, onBytes));
  const download = fetchBlob(client, location, file, onBytes).finally(() => running.delete(location.blob));
  running.set(location.blob, download);
  return download;
}

async function fetchBlob(
  client: HubClient,
  { id, commit, blob }: RemoteLocation,
  file: RemoteFile,
  onBytes: (loaded: number) => void,
): Promise<void> {
  const where = `${id}@${commit.slice(0, 7)}/${file.path}`;
  await mkdir(dirname(blob), { recursive: true });
  const partial = await claimPartial(blob);
  const handle = await open(partial, 'a+');
  let intact = false;
  try {
    const kept = (await handle.stat()).size;
    await fill(client, { id, commit, where }, file, handle, onBytes);
    intact = await isIntact(partial, file);
    if (!intact && kept > 0) {
      // What was there before may have been damaged: once more from the beginning.
      await handle.truncate(0);
      await fill(client, { id, commit, where }, file, handle, onBytes);
      intact = await isIntact(partial, file);
    }
    if (!intact)
      throw new HubError(
        `${where}: expected content with the checksum ${file.etag}, got other bytes of the same length — call again; if it stays so, ${client.endpoint} or something before it is damaged`,
        'integrity',
      );
    await handle.sync();
  } catch (error) {
    const { size } = await handle.stat();
    await handle.close();
    if (size === 0 || size === file.size) await rm(partial, { force: true });
    throw error;
  }
  await handle.close();
  await rename(partial, blob).catch(async (error: unknown) => {
    // Windows does not replace a file that somebody has open; it is the same one.
    if ((await stat(blob).catch(() => undefined))?.size !== file.size) throw error;
    await rm(partial, { force: true });
  });
}

/** Appends until the file has its size; attempts that bring bytes do not count. */
async function fill(
  client: HubClient,
  location: { readonly id: string; readonly commit: string; readonly where: string },
  file: RemoteFile,
  handle: FileHandle,
  onBytes: (loaded: number) => void,
): Promise<void> {
  let loaded = (await handle.stat()).size;
  for (let attempt = 0; ; ) {
    const before = loaded;
    if (loaded > file.size) {
      await handle.truncate(0);
      loaded = 0;
    }
    onBytes(loaded);
    if (loaded === file.size) return;
    try {
      const body = await openBody(client, location, file, loaded);
      if (body.offset !== loaded) {
        await handle.truncate(0);
        loaded = 0;
      }
      for await (const bytes of chunks(client, body.response, location.where)) {
        if (loaded + bytes.length > file.size)
          throw wrongSize(location.where, file, `more than ${file.size}`, client.endpoint);
        await handle.appendFile(bytes);
        loaded += bytes.length;
        onBytes(loaded);
      }
      if (loaded === file.size) return;
      // A body that ends early without an error: as one that was cut.
      throw networkError(body.response.url, location, new Error(`${loaded} of ${file.size} bytes`));
    } catch (error) {
      client.signal?.throwIfAborted();
      const stale = error instanceof HubError && error.status === 416 && loaded > 0;
      if (stale) {
        await handle.truncate(0);
        loaded = 0;
      } else if (!isTransient(error)) throw error;
      attempt = loaded > before ? 0 : attempt + 1;
      if (attempt > client.timing.retries) throw error;
      await client.pause(attempt);
    }
  }
}

/** The body from `offset` on, or from 0 where the server does not do ranges. */
async function openBody(
  client: HubClient,
  { id, commit, where }: { readonly id: string; readonly commit: string; readonly where: string },
  file: RemoteFile,
  offset: number,
): Promise<{ readonly response: Response; readonly offset: number }> {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const { origin } = new URL(client.endpoint);
  const fetch = client.fetchFor(id, where);
  let url = `${client.endpoint}/${id}/resolve/${commit}/${path}`;
  for (let hop = 0; hop < REDIRECTS; hop++) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        // Compressed, neither length nor ranges would be the file's.
        'accept-encoding': 'identity',
        ...(offset > 0 && { range: `bytes=${offset}-` }),
      },
    }).catch((error: unknown) => {
      // A signed address that has run out: the next attempt gets a new one.
      if (error instanceof HubError && error.status === 403 && new URL(url).origin !== origin)
        throw new HubError(error.message, 'busy', 403, error.url, { cause: error });
      throw error;
    });
    try {
      checkHeaders(response, new URL(url).origin === origin, where, commit, file);
      if (response.status < 300)
        return { response, offset: bodyOffset(response, where, file, offset, client) };
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    const next = response.headers.get('location');
    await response.body?.cancel();
    if (next === null) break;
    const target = URL.canParse(next, url) ? new URL(next, url) : undefined;
    if (!target || !/^https?:$/.test(target.protocol))
      throw new HubError(
        `${where}: expected a redirect to another address of the web, got ${JSON.stringify(next.slice(0, 100))} — check HF_ENDPOINT`,
        'refused',
        undefined,
        withoutQuery(url),
      );
    url = target.href;
  }
  throw new HubError(
    `${where}: expected the file within ${REDIRECTS} redirects, got none — check HF_ENDPOINT`,
    'refused',
    undefined,
    withoutQuery(url),
  );
}

/** What the hub says about the file must be what it listed. */
function checkHeaders(
  { headers, url }: Response,
  ofHub: boolean,
  where: string,
  commit: string,
  { etag, size }: RemoteFile,
): void {
  const differs = (what: string, expected: string, got: string) => {
    throw new HubError(
      `${where}: expected the ${what} ${expected} that the hub listed, got ${got} — the hub or mirror contradicts itself: call again later`,
      'integrity',
      undefined,
      withoutQuery(url),
    );
  };
  const at = headers.get('x-repo-commit');
  if (at !== null && at !== commit) differs('commit', commit, at);
  const linkedSize = headers.get('x-linked-size');
  if (linkedSize !== null && Number(linkedSize) !== size) differs('size', `${size}`, linkedSize);
  const given = headers.get('x-linked-etag') ?? (ofHub ? headers.get('etag') : null);
  const plain = given?.replace(/^W\//, '').replace(/^"|"$/g, '');
  // An ETag that is no checksum, such as a storage's own, says nothing; the content is checked anyway.
  if (plain && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(plain) && plain.length === etag.length && plain !== etag)
    differs('ETag', etag, plain);
}

function bodyOffset(
  { status, headers }: Response,
  where: string,
  file: RemoteFile,
  asked: number,
  { endpoint }: HubClient,
): number {
  const length = headers.get('content-length');
  if (status !== 206) {
    if (length !== null && Number(length) !== file.size) throw wrongSize(where, file, length, endpoint);
    return 0;
  }
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (total !== undefined && total !== '*' && Number(total) !== file.size)
    throw wrongSize(where, file, total, endpoint);
  if (Number(start) !== asked)
    throw new HubError(
      `${where}: expected bytes from ${asked}, got the range ${headers.get('content-range')} — ${endpoint} or a proxy answers wrongly: delete the .incomplete file of this blob and call again`,
      'integrity',
      status,
    );
  return asked;
}

const wrongSize = (where: string, { size, etag }: RemoteFile, got: string, endpoint: string): HubError =>
  new HubError(
    `${where}: expected ${size} bytes (${etag}), got ${got} — ${endpoint} serves another version, or the Git LFS pointer in place of the file: use another endpoint or revision`,
    'integrity',
  );

async function* chunks(client: HubClient, response: Response, where: string): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const { silence } = client.timing;
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no byte in ${silence} ms`)), silence);
      });
      const { done, value } = await Promise.race([reader.read(), late]).finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } catch (cause) {
    client.signal?.throwIfAborted();
    throw networkError(response.url, { where }, cause);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** True where the file's checksum is the one that its blob is named after. */
async function isIntact(path: string, { etag, size }: RemoteFile): Promise<boolean> {
  if ((await stat(path)).size !== size) return false;
  const hash: Hash = etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(bytes);
  return hash.digest('hex') === etag;
}
