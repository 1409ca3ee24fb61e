import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSink } from '../safetensors-write.js';

/** Bytes per write call: one call to the operating system takes less than 2 GiB. */
const WRITE_CHUNK = 1 << 30;

/**
 * A sink that writes a file atomically: to a temporary name beside it, then fsync, rename, fsync of the directory. Until it is
 * closed the old file stands; after a crash there is the old file or the new one, never a part.
 */
export async function fileSink(path: string): Promise<ByteSink> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  const handle = await open(temporary, 'wx');
  let isOpen = true;
  const release = async () => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at, Math.min(WRITE_CHUNK, bytes.length - at));
        at += bytesWritten;
      }
    },
    async close() {
      await handle.sync();
      await release();
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    },
    async abort() {
      await release();
      await rm(temporary, { force: true });
    },
  };
}

/** Writes a small file atomically; see `fileSink`. */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const sink = await fileSink(path);
  try {
    await sink.write(typeof content === 'string' ? new TextEncoder().encode(content) : content);
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** Makes the names in a directory durable. Windows cannot open a directory to sync it and orders renames by its journal. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A hidden name that no one else uses. */
export function temporaryName(name: string): string {
  return `.${name}.${randomBytes(6).toString('hex')}.tmp`;
}

/** What a name that `temporaryName` made was for; undefined for any other. */
export function temporaryTarget(name: string): string | undefined {
  return /^\.(.+)\.[0-9a-f]{12}\.tmp$/s.exec(name)?.[1];
}
