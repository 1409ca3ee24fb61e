import { copyFile, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { checkFilePath, FileSourceError } from '../file-source.js';
import { OptionError } from '../option-error.js';
import { temporaryName, writeFileAtomically } from './file-sink.js';

/**
 * One model's part of the cache that Python's huggingface_hub and we share:
 * `models--org--name/` with `refs/<revision>` (a commit), `blobs/<sha256 or git's sha1>` and `snapshots/<commit>/<path>`
 * (symlinks to blobs). https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
export interface HubCache {
  readonly folder: string;
  /** The commit that a revision was when it was last fetched; undefined where it never was. */
  commitOf(revision: string): Promise<string | undefined>;
  /** Notes it; a commit is its own. */
  noteCommit(revision: string, commit: string): Promise<void>;
  /** The folder of a commit's files. */
  snapshot(commit: string): string;
  blob(etag: string): string;
  /** Bytes of a blob; undefined where it is not there. */
  blobSize(etag: string): Promise<number | undefined>;
  /** Bytes of a file of the snapshot; undefined where it is not there. */
  sizeOf(commit: string, path: string): Promise<number | undefined>;
  /** Puts a blob under its path into the snapshot. */
  link(commit: string, path: string, etag: string): Promise<void>;
}

/** True for a whole commit hash, which no branch can move. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** The cache of the model `id`. */
export function hubCache(cacheDir: string, id: string): HubCache {
  const folder = join(cacheDir, ['models', ...id.split('/')].join('--'));
  const pointer = (commit: string, path: string): string => {
    checkFilePath(path);
    return join(folder, 'snapshots', commit, path);
  };
  const blob = (etag: string) => join(folder, 'blobs', etag);
  return {
    folder,
    snapshot: (commit) => join(folder, 'snapshots', commit),
    blob,
    blobSize: async (etag) => (await stat(blob(etag)).catch(absent))?.size,
    async commitOf(revision) {
      if (isCommit(revision)) return revision;
      const path = join(folder, 'refs', checkRevision(revision));
      const commit = (await readFile(path, 'utf8').catch(absent))?.trim();
      if (commit === undefined) return undefined;
      if (!isCommit(commit))
        throw new FileSourceError(
          path,
          `${path}: expected a commit of 40 hexadecimal digits, got ${JSON.stringify(commit.slice(0, 50))} — delete this file`,
        );
      return commit;
    },
    async noteCommit(revision, commit) {
      if (revision === commit) return;
      const path = join(folder, 'refs', checkRevision(revision));
      if ((await readFile(path, 'utf8').catch(absent)) === commit) return;
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomically(path, commit);
    },
    sizeOf: async (commit, path) => (await stat(pointer(commit, path)).catch(absent))?.size,
    async link(commit, path, etag) {
      const at = pointer(commit, path);
      await mkdir(dirname(at), { recursive: true });
      const temporary = join(dirname(at), temporaryName('link'));
      try {
        try {
          await symlink(relative(dirname(at), blob(etag)), temporary, 'file');
        } catch (error) {
          // Windows without developer mode: as Python does there, the snapshot holds the file itself.
          if (!isRefusal(error)) throw error;
          await copyFile(blob(etag), temporary);
        }
        await rename(temporary, at);
      } finally {
        await rm(temporary, { force: true });
      }
    },
  };
}

/** Refuses a revision that would leave the folder of refs. @throws OptionError */
export function checkRevision(revision: string): string {
  try {
    checkFilePath(revision);
  } catch (cause) {
    throw new OptionError(
      'revision',
      `expected a branch, a tag or a commit, got ${JSON.stringify(revision)}`,
      "name one of the model's",
      { cause },
    );
  }
  return revision;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

const isRefusal = (error: unknown): boolean =>
  ['EPERM', 'EACCES', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );
