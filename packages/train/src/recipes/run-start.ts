import { ConfigError } from '../config/config-error.js';
import { checkpointAt, checkpointsIn, type FoundCheckpoint } from '../resume/find-checkpoint.js';
import type { ResolvedTask } from './prepared-task.js';
import type { RunPlatform } from './run-platform.js';
import { earlierCheckpoints } from './run-record.js';

/** Where a run begins, and what lies there already. */
export interface RunStart {
  /** The checkpoint that it goes on from. */
  readonly from?: FoundCheckpoint;
  /** Names of an earlier run's checkpoints, and of what is left of some: gone before the first is written. */
  readonly earlier: readonly string[];
  /** Names of this run's checkpoints, oldest first. */
  readonly kept: readonly string[];
}

/**
 * Finds what `resume_from_checkpoint` asks for, and makes sure that the run may write to `output_dir`.
 * @throws ConfigError where an earlier run stands that is not to be gone on with; CheckpointError
 */
export async function runStart(
  { config }: Pick<ResolvedTask, 'config'>,
  { files, listener }: Pick<RunPlatform, 'files' | 'listener'>,
): Promise<RunStart> {
  const { outputDir, overwriteOutputDir: overwrite, resumeFromCheckpoint: asked } = config;
  if (asked === undefined)
    return { earlier: await earlierCheckpoints(files, outputDir, overwrite), kept: [] };
  const { complete, damaged, remains } = await checkpointsIn(files, outputDir);
  if (asked === 'latest' && damaged[0]) throw damaged[0];
  const from = asked === 'latest' ? complete.at(-1) : await checkpointAt(files, asked);
  const isOwn = from === undefined || complete.some(({ text }) => text === from.text);
  // A checkpoint of elsewhere begins a run here.
  if (!isOwn) return { from, earlier: await earlierCheckpoints(files, outputDir, overwrite), kept: [] };
  if (!overwrite && (await files.list(outputDir)).includes('run.json'))
    throw new ConfigError(
      'resume_from_checkpoint',
      'resume_from_checkpoint',
      `expected a run that is not over in ${outputDir}, got one that is: its run.json is there — look at ${outputDir}/model, or choose another output_dir`,
    );
  if (!from) listener.say(`no complete checkpoint in ${outputDir}: from the beginning`);
  return { ...(from && { from }), earlier: remains, kept: complete.map(({ name }) => name) };
}
