import { statfs } from 'node:fs/promises';
import { resolve as absolute, dirname } from 'node:path';

/** Bytes that this user may write under a path, or under the nearest directory above it that exists. */
export async function freeBytes(path: string): Promise<number | undefined> {
  for (let at = absolute(path); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}
