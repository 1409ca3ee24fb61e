import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArtifactError } from './error.js';
import { artifactFiles, type TrainingArtifacts } from './names.js';

const kinds = Object.keys(artifactFiles) as (keyof TrainingArtifacts)[];

/**
 * Reads the four training artifacts of a directory (Node only).
 * @throws ArtifactError if one is missing, empty or unreadable
 */
export async function readArtifacts(directory: string): Promise<TrainingArtifacts> {
  const read = async (kind: keyof TrainingArtifacts) => {
    const path = join(directory, artifactFiles[kind]);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (cause) {
      throw new ArtifactError(
        path,
        `expected a readable file, got ${codeOf(cause)} — pass a directory with ${Object.values(artifactFiles).join(', ')}`,
        { cause },
      );
    }
    if (bytes.byteLength === 0) {
      throw new ArtifactError(path, 'expected a file with content, got 0 bytes — write the artifacts again');
    }
    return [kind, bytes] as const;
  };
  return Object.fromEntries(await Promise.all(kinds.map(read))) as unknown as TrainingArtifacts;
}

/**
 * Writes the four training artifacts into a directory, which is made if need be (Node only).
 * All four are complete on disk before the first takes its name, and each is replaced at once: a crash leaves whole files, and
 * of two different models at worst some of each.
 * @throws ArtifactError if a file cannot be written; files of these names are then unchanged or complete
 */
export async function writeArtifacts(directory: string, artifacts: TrainingArtifacts): Promise<void> {
  await replaceFiles(new Map(kinds.map((kind) => [join(directory, artifactFiles[kind]), artifacts[kind]])));
}

/**
 * Writes one file so that its path holds the old or the new bytes, never a part: temporary name, fsync, rename.
 * @throws ArtifactError if it cannot be written
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  await replaceFiles(new Map([[path, bytes]]));
}

async function replaceFiles(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const waiting = new Map<string, string>();
  const directories = new Set<string>();
  try {
    for (const [path, bytes] of files) {
      const directory = dirname(path);
      await attempt(path, () => mkdir(directory, { recursive: true }));
      directories.add(directory);
      const temporary = join(directory, `.${basename(path)}.${randomUUID()}.tmp`);
      waiting.set(path, temporary);
      await attempt(path, () => writeThrough(temporary, bytes));
    }
    for (const [path, temporary] of waiting) {
      await attempt(path, () => rename(temporary, path));
      waiting.delete(path);
    }
    for (const directory of directories) await attempt(directory, () => syncDirectory(directory));
  } finally {
    for (const temporary of waiting.values()) await rm(temporary, { force: true });
  }
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new names durable. Windows opens no directories; there NTFS's journal keeps renames. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new ArtifactError(
      path,
      `expected a place to write, got ${codeOf(cause)} — check the path, its permissions and the free space`,
      { cause },
    );
  }
}

const codeOf = (cause: unknown): string =>
  (cause instanceof Error && 'code' in cause ? String(cause.code) : '') || String(cause);
