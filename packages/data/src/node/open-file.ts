import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';

async function readAt(handle: FileHandle, buffer: Uint8Array, position: number): Promise<Uint8Array> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function openError(file: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  const at = { file };
  if (code === 'ENOENT') {
    const remedy = 'check the path';
    return new DataError('missing-file', {
      at,
      expected: 'a file',
      got: 'nothing at this path',
      remedy,
      cause,
    });
  }
  if (code === 'EISDIR') return directoryError(file);
  return new DataError('unreadable-file', {
    at,
    expected: 'a readable file',
    got: code ?? String(cause),
    cause,
  });
}

function directoryError(file: string): DataError {
  const remedy = 'name the files in it';
  return new DataError('directory', { at: { file }, expected: 'a file', got: 'a directory', remedy });
}

/**
 * Opens a file of the file system as a source, called by its path as given.
 * Throws {@link DataError}: missing, a directory, not readable, or no regular file (rows are read again at random).
 */
export async function openFile(path: string): Promise<ByteSource> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    throw openError(path, cause);
  }
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    if (stat.isDirectory()) throw directoryError(path);
    throw new DataError('unreadable-file', {
      at: { file: path },
      expected: 'a regular file',
      got: 'a pipe or device',
      remedy: 'write it to a file first',
    });
  }
  return {
    name: path,
    size: stat.size,
    async *chunks() {
      const buffer = new Uint8Array(1 << 20);
      let position = 0;
      for (;;) {
        const chunk = await readAt(handle, buffer, position);
        if (chunk.length > 0) yield chunk;
        if (chunk.length < buffer.length) return;
        position += chunk.length;
      }
    },
    read: (offset, length) => readAt(handle, new Uint8Array(length), offset),
    close: () => handle.close(),
  };
}
