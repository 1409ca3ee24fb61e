import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openFile } from '@rag/data/node';
import { directorySource, saveCheckpoint, writeFileAtomically } from '@rag/models/node';
import type { RunFiles } from '../run-files.js';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** `undefined` where the path leads nowhere; other errors stay errors. */
function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
  throw error;
}

/** The file system. */
export const nodeFiles: RunFiles = {
  openData: openFile,
  async openModel(path) {
    const found = await stat(path).catch(absent);
    return found && directorySource(path);
  },
  saveModel: saveCheckpoint,
  async removeModel(path, names) {
    for (const name of names) await rm(join(path, name), { force: true });
    await rmdir(path).catch((error: unknown) => {
      // Somebody else's files are in it: it stays.
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') absent(error);
    });
  },
  readText: (path) => readFile(path, 'utf8').catch(absent),
  async writeText(path, text) {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, text);
  },
  list: async (path) => (await readdir(path).catch(absent)) ?? [],
};
