import { checkpointAt, type FoundCheckpoint } from '../resume/find-checkpoint.js';
import type { Alarm } from '../sentinel/alarm.js';
import { CollapseError } from '../sentinel/collapse-error.js';
import type { RunOutput } from './run-output.js';

/** How often a run goes back before it gives up. */
export const MOST_ROLLBACKS = 3;

/**
 * The last checkpoint of a run from before its trouble began; later ones are removed, so that nothing goes on from them.
 * @throws CollapseError where there is none
 */
export async function soundCheckpoint(
  files: Parameters<typeof checkpointAt>[0],
  checkpoints: Pick<RunOutput<unknown>['checkpoints'], 'kept' | 'folder' | 'drop'>,
  alarm: Alarm,
): Promise<FoundCheckpoint> {
  const later: string[] = [];
  for (const name of [...checkpoints.kept].reverse()) {
    const found = await checkpointAt(files, `${checkpoints.folder}/${name}`);
    if (found.state.position.update < alarm.since) {
      await checkpoints.drop(later);
      return found;
    }
    later.push(name);
  }
  throw new CollapseError(
    alarm,
    `there is no checkpoint from before update ${alarm.since} to go back to: set save_steps, or start again at a lower rate`,
  );
}
