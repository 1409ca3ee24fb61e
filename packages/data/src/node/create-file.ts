import { open, rename, rm } from 'node:fs/promises';
import type { ByteSink } from '../byte-sink.js';
import { DataError } from '../data-error.js';

/**
 * Starts a file as a sink. Bytes go to `<path>.partial`, which takes the name `path` (replacing a file of that name)
 * only when it is closed, so that a killed program leaves no half file under the name. An older `.partial` is overwritten.
 * Throws DataError `missing-file` where the folder does not exist, `unreadable-file` where it may not be written.
 */
export async function createFile(path: string): Promise<ByteSink> {
  const partial = `${path}.partial`;
  const handle = await open(partial, 'w').catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT';
    throw new DataError(missing ? 'missing-file' : 'unreadable-file', {
      at: { file: path },
      expected: 'a place to write a file',
      got: missing ? 'a folder that does not exist' : (cause.code ?? String(cause)),
      remedy: missing ? 'make the folder first' : 'check permissions and the path',
      cause,
    });
  });
  let size = 0;
  const writeAll = async (bytes: Uint8Array, position: number) => {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  };
  return {
    name: path,
    async write(bytes) {
      await writeAll(bytes, size);
      size += bytes.length;
    },
    async writeAt(offset, bytes) {
      if (offset < 0 || offset + bytes.length > size) {
        throw new RangeError(
          `${path}: expected bytes within the ${size} written, got ${bytes.length} at ${offset}`,
        );
      }
      await writeAll(bytes, offset);
    },
    async close() {
      await handle.sync();
      await handle.close();
      await rename(partial, path);
    },
    async abort() {
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}
