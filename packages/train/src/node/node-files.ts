import { mkdir, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openFile } from '@rag/data/node';
import {
  directorySource,
  foreignFiles,
  openHubOrDirectory,
  saveCheckpoint,
  temporaryName,
  temporaryTarget,
  writeFileAtomically,
} from '@rag/models/node';
import type { RunFiles } from '../run-files.js';
import { describeDataFile } from './describe-data-file.js';
import { lockRun } from './run-lock.js';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** `undefined` where the path leads nowhere; other errors stay errors. */
function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
  throw error;
}

/** `a/b/c.json` → `a/b`, `a`. */
function foldersOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** Removes a directory unless somebody else's files are in it. */
async function removeEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') absent(error);
  });
}

/** Level by level: Node's recursive mkdir does not come back from file systems that refuse it, such as /proc. */
async function makeDirectory(path: string): Promise<void> {
  const found = await stat(path).catch(absent);
  if (found?.isDirectory()) return;
  const above = dirname(path);
  if (!found && above !== path) await makeDirectory(above);
  await mkdir(path).catch((error: unknown) => {
    // Another process may have made it meanwhile.
    if (codeOf(error) !== 'EEXIST' || found) throw error;
  });
}

/** The file system. */
export const nodeFiles: RunFiles = {
  openData: openFile,
  async openModel(path, hub) {
    if (hub) return openHubOrDirectory(path, hub);
    const found = await stat(path).catch(absent);
    return found && directorySource(path);
  },
  describeData: describeDataFile,
  saveModel: (path, model, made) => saveCheckpoint(path, model, made && { made }),
  foreignFiles: async (path, names) => (await foreignFiles(path, names).catch(absent)) ?? [],
  async removeModel(path, names) {
    if ((await foreignFiles(path, names)).length === 0) {
      // In one step: what a removal that is cut off leaves has a name that is cleared away.
      const aside = join(dirname(path), temporaryName(basename(path)));
      await rename(path, aside).catch(absent);
      return rm(aside, { recursive: true, force: true });
    }
    for (const name of names) await rm(join(path, name), { force: true });
    // Folders of the files, the inner ones first; the model's own goes last.
    const folders = new Set(names.flatMap(foldersOf));
    for (const folder of [...folders].sort((a, b) => b.length - a.length))
      await removeEmpty(join(path, folder));
    await removeEmpty(path);
  },
  makeDirectory,
  async removeUnfinished(path, isName) {
    for (const name of (await readdir(path).catch(absent)) ?? []) {
      const aimedAt = temporaryTarget(name);
      if (aimedAt !== undefined && isName(aimedAt))
        await rm(join(path, name), { recursive: true, force: true });
    }
  },
  lock: lockRun,
  readText: (path) => readFile(path, 'utf8').catch(absent),
  async writeText(path, text) {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, text);
  },
  list: async (path) => (await readdir(path).catch(absent)) ?? [],
};
