import type { FileSource } from '@rag/models';
import type { RunFiles } from '../run-files.js';
import { CheckpointError } from './checkpoint-error.js';
import { checkpointFolder, checkpointName, STATE_TEXT } from './checkpoints.js';
import { decodeRunState, type RunState } from './run-state.js';

type Reading = Pick<RunFiles, 'list' | 'readText' | 'openModel'>;

/** A complete checkpoint. */
export interface FoundCheckpoint {
  readonly path: string;
  /** The last part of `path`. */
  readonly name: string;
  readonly state: RunState;
  /** The text that `state` was read from. */
  readonly text: string;
}

/** What lies where a run writes its checkpoints. */
export interface CheckpointsFound {
  /** Complete ones, from the earliest place in the run on. */
  readonly complete: readonly FoundCheckpoint[];
  /** Why others cannot be read. */
  readonly damaged: readonly CheckpointError[];
  /** Names of what is left of those whose removal was cut off. */
  readonly remains: readonly string[];
}

/** Looks at all checkpoints under an output directory. */
export async function checkpointsIn(files: Reading, outputDir: string): Promise<CheckpointsFound> {
  const folder = checkpointFolder(outputDir);
  const complete: FoundCheckpoint[] = [];
  const damaged: CheckpointError[] = [];
  const remains: string[] = [];
  for (const name of (await files.list(folder)).filter((one) => checkpointName.test(one))) {
    const path = `${folder}/${name}`;
    const text = await files.readText(`${path}/${STATE_TEXT}`);
    if (text === undefined) {
      remains.push(name);
      continue;
    }
    try {
      complete.push({ path, name, text, state: decodeRunState(text, `${path}/${STATE_TEXT}`) });
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      damaged.push(error);
    }
  }
  // Of two checkpoints of one update, the one behind the epoch's end is later.
  const place = ({ state: { position } }: FoundCheckpoint) => 2 * position.update + (position.batch ? 0 : 1);
  return { complete: complete.sort((a, b) => place(a) - place(b)), damaged, remains };
}

/** The checkpoint of a directory. @throws CheckpointError */
export async function checkpointAt(files: Reading, directory: string): Promise<FoundCheckpoint> {
  const path = directory.replace(/[\\/]+$/, '');
  const text = await files.readText(`${path}/${STATE_TEXT}`);
  if (text === undefined)
    throw new CheckpointError(
      directory,
      `expected the directory of a checkpoint, got none with a ${STATE_TEXT}`,
    );
  const name = path.split(/[\\/]/).at(-1)!;
  return { path, name, text, state: decodeRunState(text, `${path}/${STATE_TEXT}`) };
}

/** The files of a checkpoint. @throws CheckpointError */
export async function filesOfCheckpoint(
  files: Pick<RunFiles, 'openModel'>,
  { path }: Pick<FoundCheckpoint, 'path'>,
): Promise<FileSource> {
  const source = await files.openModel(path);
  if (source) return source;
  throw new CheckpointError(path, 'expected the directory of a checkpoint, got none');
}
