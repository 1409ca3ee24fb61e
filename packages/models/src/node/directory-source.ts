import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkFilePath,
  checkRange,
  type FileSource,
  FileSourceError,
  missingFolder,
} from '../file-source.js';

/** Bytes per read call: one call to the operating system takes less than 2 GiB. */
const READ_CHUNK = 1 << 30;

/** The files of one directory of this machine. */
export interface DirectorySource extends FileSource {
  localPath(path: string): Promise<string>;
  /** As it was named. */
  readonly directory: string;
}

/**
 * The files of a directory, read in place.
 * Names that would leave the directory are refused; symlinks are followed, since a hub cache is made of them, and only
 * regular files are read.
 * @throws FileSourceError when there is no such directory.
 */
export async function directorySource(directory: string): Promise<DirectorySource> {
  const root = await realpath(directory).catch((cause: unknown) => {
    throw new FileSourceError(
      directory,
      `${directory}: expected a directory, got none of this name — check the path`,
      {
        cause,
      },
    );
  });
  if (!(await stat(root)).isDirectory()) {
    throw new FileSourceError(
      directory,
      `${directory}: expected a directory, got a file — name the directory it is in`,
    );
  }

  async function locate(path: string): Promise<string> {
    checkFilePath(path);
    const shown = join(directory, path);
    const real = await realpath(join(root, path)).catch((cause: unknown) => {
      throw new FileSourceError(path, `${shown}: expected a file, got none of this name — fetch it`, {
        cause,
      });
    });
    if (!(await stat(real)).isFile()) {
      throw new FileSourceError(path, `${shown}: expected a regular file, got something else — replace it`);
    }
    return real;
  }

  return {
    async read(path, offset, length) {
      const handle = await open(await locate(path), 'r');
      try {
        checkRange(path, offset, length, (await handle.stat()).size);
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; ) {
          const count = Math.min(READ_CHUNK, length - at);
          const { bytesRead } = await handle.read(bytes, at, count, offset + at);
          if (bytesRead === 0) checkRange(path, offset, length, offset + at);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
    async size(path) {
      return (await stat(await locate(path))).size;
    },
    async list(folder) {
      if (folder !== undefined) checkFilePath(folder);
      const at = folder === undefined ? root : join(root, folder);
      const entries = await readdir(at, { withFileTypes: true }).catch((cause: unknown) => {
        throw missingFolder(folder ?? '', join(directory, folder ?? ''), cause);
      });
      const names: string[] = [];
      for (const entry of entries) {
        if (entry.isFile()) names.push(entry.name);
        else if (entry.isSymbolicLink()) {
          // A dangling link is listed, so that reading it says what is missing.
          const target = await stat(join(at, entry.name)).catch(() => undefined);
          if (target?.isFile() ?? true) names.push(entry.name);
        }
      }
      return names.sort();
    },
    localPath: locate,
    directory,
  };
}
