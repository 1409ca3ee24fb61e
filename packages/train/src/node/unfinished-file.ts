import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomically } from '@rag/models/node';
import { ConfigError } from '../config/config-error.js';
import type { UnfinishedFile } from '../encode/unfinished-file.js';

/** Where the bytes of an unfinished file are, and its note. */
const partialOf = (path: string): string => `${path}.partial`;
const noteOf = (path: string): string => `${path}.progress.json`;

/**
 * A file that is made as `<path>.partial`, with the note `<path>.progress.json` beside it, and takes its name when it is
 * finished.
 * @throws ConfigError where `path` is there already, unless `overwrite`, and where it cannot be written
 */
export async function openUnfinishedFile(
  path: string,
  { overwrite = false }: { readonly overwrite?: boolean } = {},
): Promise<UnfinishedFile> {
  const [partial, noteName] = [partialOf(path), noteOf(path)];
  const present = await stat(path).catch(absent(path));
  if (present && !present.isFile()) throw refuse(path, 'a file', 'a directory', 'choose another name');
  const folder = dirname(path);
  if (!(await stat(folder).catch(absent(path)))?.isDirectory())
    throw refuse(
      path,
      'a file in a folder that exists',
      `none of the name ${folder}`,
      'make it, or choose another',
    );
  const hasBytes = (await stat(partial).catch(absent(path))) !== undefined;
  if (present && !overwrite)
    throw refuse(path, 'no file yet', 'one', 'pass --overwrite to replace it, or choose another name');
  // A crash between taking the name and removing the note leaves a note without bytes.
  const note = hasBytes ? await readFile(noteName, 'utf8').catch(absent(path)) : undefined;

  let handle: FileHandle | undefined;
  let end = 0;
  const opened = async (flags: string): Promise<FileHandle> => {
    handle = await open(partial, flags).catch((cause: NodeJS.ErrnoException) => {
      const got = cause.code === 'ENOENT' ? 'one in a folder that does not exist' : String(cause.code);
      throw refuse(path, 'a file that can be written', got, 'make the folder, or choose another', cause);
    });
    return handle;
  };
  const writeAll = async (bytes: Uint8Array, position: number): Promise<void> => {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle!.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  };
  const release = async (): Promise<void> => {
    await handle?.close();
    handle = undefined;
  };
  return {
    name: path,
    noteName,
    note,
    async begin() {
      await release();
      // The note goes first: it would stand for other bytes.
      await rm(noteName, { force: true });
      await syncFolder(path);
      await opened('w');
      end = 0;
    },
    async goOn(bytes) {
      const file = await opened('r+');
      const { size } = await file.stat();
      if (size < bytes)
        throw refuse(partial, `at least ${bytes} bytes`, `${size}`, 'pass --overwrite to begin again');
      await file.truncate(bytes);
      end = bytes;
    },
    async append(bytes) {
      await writeAll(bytes, end);
      end += bytes.length;
    },
    async commit(text) {
      await handle!.sync();
      await writeFileAtomically(noteName, text);
    },
    async finish(header) {
      await writeAll(header, 0);
      await handle!.sync();
      await release();
      await rename(partial, path);
      await syncFolder(path);
      await rm(noteName, { force: true });
    },
    close: release,
    async discard() {
      await release();
      await rm(partial, { force: true });
    },
  };
}

const absent =
  (path: string) =>
  (error: NodeJS.ErrnoException): undefined => {
    if (error.code === 'ENOENT') return undefined;
    throw refuse(path, 'a file that can be written', String(error.code), 'choose another', error);
  };

const refuse = (path: string, expected: string, got: string, advice: string, cause?: unknown): ConfigError =>
  new ConfigError(path, undefined, `expected ${expected}, got ${got} — ${advice}`, { cause });

/** Makes names durable; Windows cannot open a folder to sync it and orders renames by its journal. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  await folder?.sync();
  await folder?.close();
}
