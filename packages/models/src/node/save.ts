import { mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TOKENIZER_FILES } from '../checkpoint.js';
import { type TensorToWrite, writeSafetensors } from '../safetensors-write.js';
import { fileSink, syncDirectory, temporaryName, writeFileAtomically } from './file-sink.js';

/** What a checkpoint directory holds. */
export interface CheckpointToSave {
  /** Becomes config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Becomes model.safetensors. */
  readonly tensors: Iterable<TensorToWrite>;
  /** Further files by base name, such as tokenizer.json; written as they are. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** A directory that a save would not replace. */
export class SaveRefusedError extends Error {
  override name = 'SaveRefusedError';
  constructor(
    readonly directory: string,
    readonly foreign: readonly string[],
  ) {
    const shown = foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? ', …' : '');
    super(
      `${directory}: expected an empty directory or an earlier checkpoint, got one that holds ${shown} — choose another directory or pass overwrite: true`,
    );
  }
}

const WEIGHTS = 'model.safetensors';
const CONFIG = 'config.json';

/**
 * Writes a checkpoint directory, complete or not at all: into a temporary directory, fsync, rename.
 * - No such directory: it appears in one rename, its parents are made.
 * - One that holds only files of a checkpoint: it is replaced as a whole.
 * - An empty one, or with `overwrite` any: the files move in one by one, config.json last; foreign files stay.
 * Files of any other name are never deleted.
 * @throws SaveRefusedError for a directory with other content, unless `overwrite`.
 */
export async function saveCheckpoint(
  directory: string,
  checkpoint: CheckpointToSave,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<void> {
  const files = { ...checkpoint.files, [CONFIG]: `${JSON.stringify(checkpoint.config, null, 2)}\n` };
  const names = [...Object.keys(files).filter((name) => name !== CONFIG), WEIGHTS, CONFIG];
  for (const name of Object.keys(checkpoint.files ?? {})) checkExtraFile(name);
  const state = await inspect(directory);
  const known = new Set<string>([...names, ...TOKENIZER_FILES]);
  const foreign = state.names.filter((name) => !known.has(name));
  if (foreign.length > 0 && !overwrite) throw new SaveRefusedError(directory, foreign);
  const inPlace = state.exists && (state.names.length === 0 || foreign.length > 0);

  const { path } = state;
  const parent = dirname(path);
  await mkdir(parent, { recursive: true });
  const staging = inPlace ? join(path, temporaryName('save')) : join(parent, temporaryName(basename(path)));
  await mkdir(staging);
  try {
    for (const [name, content] of Object.entries(files))
      await writeFileAtomically(join(staging, name), content);
    await writeSafetensors(await fileSink(join(staging, WEIGHTS)), checkpoint.tensors);
    if (inPlace) {
      for (const name of names) await rename(join(staging, name), join(path, name));
      await rmdir(staging);
      await syncDirectory(path);
    } else {
      await replaceDirectory(staging, path, state);
    }
    await syncDirectory(parent);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

/** Puts `staging` in the place of `path`; the old directory steps aside and is emptied file by file. */
async function replaceDirectory(staging: string, path: string, state: DirectoryState): Promise<void> {
  if (!state.exists) {
    await rename(staging, path);
    return;
  }
  const aside = join(dirname(path), temporaryName(basename(path)));
  await rename(path, aside);
  try {
    await rename(staging, path);
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
  for (const name of state.names) await rm(join(aside, name), { force: true });
  await rmdir(aside);
}

interface DirectoryState {
  /** The real path, so that a symlink to a directory stays one. */
  readonly path: string;
  readonly exists: boolean;
  readonly names: readonly string[];
}

async function inspect(directory: string): Promise<DirectoryState> {
  const path = await realpath(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (path === undefined) return { path: resolve(directory), exists: false, names: [] };
  if (!(await stat(path)).isDirectory()) throw new SaveRefusedError(directory, ['a file of this name']);
  return { path, exists: true, names: (await readdir(path)).sort() };
}

function checkExtraFile(name: string): void {
  if (/^\.{0,2}$|[/\\:\0]/.test(name) || name === WEIGHTS || name === CONFIG) {
    throw new TypeError(
      `files: expected plain file names other than ${WEIGHTS} and ${CONFIG}, got ${JSON.stringify(name)} — rename it`,
    );
  }
}
