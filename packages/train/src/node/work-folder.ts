import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openFile } from '@rag/data/node';
import { writeFileAtomically } from '@rag/models/node';
import { ConfigError } from '../config/config-error.js';
import type { WorkFiles } from '../mine/work-files.js';
import { openUnfinishedFile } from './unfinished-file.js';

/**
 * A folder as the place where mining keeps what it made; the folder is made, the one above it must be there.
 * @param flag that names the folder, for errors
 * @throws ConfigError where it cannot be made
 */
export async function workFolder(path: string, flag = '--work'): Promise<WorkFiles> {
  await mkdir(path).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const got = cause.code === 'EEXIST' ? 'a file of that name' : String(cause.code);
    throw new ConfigError(
      flag,
      undefined,
      `expected a folder, or a name for one in a folder that exists, got ${path} (${got}) — choose another`,
      { cause },
    );
  });
  const at = (name: string): string => join(path, name);
  return {
    create: (name) => openUnfinishedFile(at(name), { overwrite: true }),
    open: async (name) => ((await stat(at(name)).catch(absent)) ? openFile(at(name)) : undefined),
    readText: (name) => readFile(at(name), 'utf8').catch(absent),
    writeText: (name, text) => writeFileAtomically(at(name), text),
    remove: (name) => rm(at(name), { force: true }),
  };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
