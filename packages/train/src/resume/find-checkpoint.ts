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
}

/** Checkpoints of a run that is not over, from the earliest place on. @throws CheckpointError for one that is damaged */
export async function checkpointsIn(files: Reading, outputDir: string): Promise<FoundCheckpoint[]> {
  const folder = checkpointFolder(outputDir);
  const found: FoundCheckpoint[] = [];
  for (const name of (await files.list(folder)).filter((one) => checkpointName.test(one))) {
    const path = `${folder}/${name}`;
    const text = await files.readText(`${path}/${STATE_TEXT}`);
    // Its removal was cut off, or somebody's files are all that is left of it.
    if (text === undefined) continue;
    found.push({ path, name, state: decodeRunState(text, `${path}/${STATE_TEXT}`) });
  }
  return found.sort((a, b) => placeOf(a) - placeOf(b) || a.state.position.epoch - b.state.position.epoch);
}

/** Of two checkpoints of one update, the one behind the epoch's end is later. */
const placeOf = ({ state: { position } }: FoundCheckpoint): number => position.update;

/**
 * The checkpoint that `resume_from_checkpoint` names, or the last complete one.
 * @returns undefined where the last one is asked for and there is none: the run was killed before its first
 * @throws CheckpointError
 */
export async function checkpointToResume(
  files: Reading,
  outputDir: string,
  asked: string,
): Promise<FoundCheckpoint | undefined> {
  if (asked === 'latest') return (await checkpointsIn(files, outputDir)).at(-1);
  const path = asked.replace(/[\\/]+$/, '');
  const text = await files.readText(`${path}/${STATE_TEXT}`);
  if (text === undefined)
    throw new CheckpointError(asked, `expected the directory of a checkpoint, got none with a ${STATE_TEXT}`);
  const name = path.split(/[\\/]/).at(-1)!;
  return { path, name, state: decodeRunState(text, `${path}/${STATE_TEXT}`) };
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
