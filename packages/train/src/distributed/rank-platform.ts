import type { Collective } from '@rag/runtime';
import type { RunPlatform } from '../recipes/run-platform.js';
import { agreedSignal } from './agreed-signal.js';
import { filesOfRank } from './rank-files.js';

/**
 * The platform of one of several processes that run one program: rank 0 alone writes files, says lines and runs trackers; all are interrupted
 * between the same two updates.
 *
 * @param reason why a rank is interrupted where another one was asked to stop
 */
export function platformOfRank(
  platform: RunPlatform,
  collective: Collective,
  reason: () => unknown,
): RunPlatform {
  const { tracker, ...rest } = platform;
  const asked = platform.signal ?? new AbortController().signal;
  const { signal, agree } = agreedSignal(collective, asked, reason);
  return {
    ...rest,
    ...{ collective, signal, agree },
    files: filesOfRank(platform.files, collective),
    ...(collective.rank === 0 ? tracker && { tracker } : { listener: { say: () => {}, step: () => {} } }),
  };
}
