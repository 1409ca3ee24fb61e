import { type Clock, systemClock } from '../distill/clock.js';
import { flatConfig } from './flat-config.js';
import { endEvent, entryEvent, hparamsEvent, restartEvent, versionEvent } from './tensorboard-events.js';
import { tfRecord } from './tf-record.js';
import type { TrackerDriver } from './tracker.js';
import { type SyncPolicy, syncedFile, type TrackerFiles } from './tracker-files.js';
import { joinBytes } from './wire-format.js';

export interface TensorboardOptions {
  readonly files: TrackerFiles;
  /** Of one run: `tensorboard --logdir` takes it or a directory above it. */
  readonly directory: string;
  /** @default 1,000 ms */
  readonly sync?: SyncPolicy;
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * Event files that TensorBoard reads: scalars, texts, histograms and settings. Every start writes a file of its own, since a
 * TensorBoard that is open keeps its place in the others; a later one tells
 * readers what to drop of the earlier.
 */
export function tensorboardTracker({
  files,
  directory,
  sync = 1_000,
  clock = systemClock,
}: TensorboardOptions): TrackerDriver {
  let file: ReturnType<typeof syncedFile> | undefined;
  const append = (events: readonly Uint8Array[]): Promise<void> =>
    file!.append(joinBytes(events.map(tfRecord)));
  return {
    name: `tensorboard ${directory}`,
    gather: 0,
    async open({ id, config, resumeFrom }) {
      const hyperparameters = flatConfig(config);
      const earlier = (await files.list(directory)).filter((name) => name.includes('.tfevents.'));
      const time = clock.now();
      const name = `events.out.tfevents.${secondsAfter(earlier, time)}.${id}.${earlier.length}`;
      file = syncedFile(await files.open(`${directory}/${name}`), sync, () => clock.now());
      await append([
        versionEvent(time),
        ...(earlier.length === 0 ? [] : [restartEvent(time, resumeFrom === undefined ? 0 : resumeFrom + 1)]),
        hparamsEvent(time, id, hyperparameters),
      ]);
    },
    write: (entries) => append(entries.map(entryEvent)),
    async close(outcome) {
      // Readers keep the first end that they see, and an interrupted run may go on.
      if (outcome !== 'interrupted') await append([endEvent(clock.now(), outcome)]);
      await file!.close();
    },
  };
}

/** Seconds since 1970 in ten digits, later than any earlier file's: files are read in the order of their names. */
function secondsAfter(names: readonly string[], time: number): string {
  const taken = names.map((name) => Number(/\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0));
  const seconds = Math.max(Math.floor(time / 1000), ...taken.map((each) => each + 1));
  return String(seconds).padStart(10, '0');
}
