import { type Clock, systemClock } from '../distill/clock.js';
import type { TrackedRun, TrackerDriver } from './tracker.js';
import { type GrowingFile, type SyncPolicy, syncedFile, type TrackerFiles } from './tracker-files.js';
import { logRecord, readLog, wandbHeader } from './wandb-log.js';
import { readRecord } from './wandb-read-record.js';
import {
  exitRecord,
  headerRecord,
  historyRecord,
  outputRecord,
  type RecordBody,
  runRecordOf,
  summaryRecord,
} from './wandb-records.js';
import { consoleLine, gatherRows, type HistoryRow, summaryOf } from './wandb-rows.js';
import { int, joinBytes } from './wire-format.js';

export interface WandbOfflineOptions {
  readonly files: TrackerFiles;
  /** Gets a directory `wandb`, which `wandb sync` is run over. */
  readonly directory: string;
  readonly entity?: string;
  /** @default 1,000 ms */
  readonly sync?: SyncPolicy;
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * A run of Weights & Biases on this disk: `wandb/offline-run-<time>-<id>/run-<id>.wandb`, which `wandb sync` uploads. One that
 * resumes goes on in its file, behind the last step of its checkpoint.
 */
export function wandbOfflineTracker({
  files,
  directory,
  entity,
  sync = 1_000,
  clock = systemClock,
}: WandbOfflineOptions): TrackerDriver {
  let file: ReturnType<typeof syncedFile> | undefined;
  let position = 0;
  let count = 0;
  let began = 0;
  let pending: HistoryRow | undefined;
  let summary: Readonly<Record<string, unknown>> = {};

  const append = async (bodies: readonly RecordBody[]): Promise<void> => {
    const parts: Uint8Array[] = [];
    let end = position;
    bodies.forEach((body, index) => {
      const part = logRecord(joinBytes([int(1, count + index + 1), body]), end);
      parts.push(part);
      end += part.length;
    });
    await file!.append(joinBytes(parts));
    position = end;
    count += bodies.length;
  };
  const begin = async (run: TrackedRun, opened: GrowingFile): Promise<RecordBody[]> => {
    if (opened.size === 0) {
      await opened.append(wandbHeader);
      return [headerRecord(), runRecordOf(run, entity, began)];
    }
    const kept = keptOf(await opened.read(), run.resumeFrom ?? -1);
    if (kept.end === 0)
      throw new Error(
        `${opened.path}: expected a file of Weights & Biases, got another — move it away, or choose another directory`,
      );
    await opened.cut(kept.end);
    count = kept.count;
    began = kept.began ?? began;
    return kept.count === 0 ? [headerRecord(), runRecordOf(run, entity, began)] : [];
  };
  return {
    name: `wandb ${directory}/wandb`,
    gather: 0,
    async open(run) {
      began = clock.now();
      const opened = await files.open(await pathOf(files, directory, run, began));
      let first: RecordBody[];
      try {
        first = await begin(run, opened);
      } catch (error) {
        await opened.close();
        throw error;
      }
      position = opened.size;
      file = syncedFile(opened, sync, () => clock.now());
      await append(first);
    },
    async write(entries) {
      const gathered = gatherRows(pending, entries);
      const lines = entries.flatMap((entry) => {
        const line = consoleLine(entry);
        return line === undefined ? [] : [outputRecord(line, entry.time)];
      });
      await append([...gathered.complete.map((row) => historyRecord(row, began)), ...lines]);
      summary = summaryOf(summary, gathered.complete, entries, began);
      pending = gathered.pending;
    },
    async close(outcome) {
      const last = pending === undefined ? [] : [pending];
      const time = clock.now();
      await append([
        ...last.map((row) => historyRecord(row, began)),
        summaryRecord(summaryOf(summary, last, [], began)),
        exitRecord(outcome, (time - began) / 1000),
      ]);
      await file!.close();
    },
  };
}

/** The run's own file: that of an earlier start where there is one. */
async function pathOf(
  files: TrackerFiles,
  directory: string,
  { id, resumeFrom }: TrackedRun,
  time: number,
): Promise<string> {
  const runs = (await files.list(`${directory}/wandb`)).filter((name) =>
    /^offline-run-\d{8}_\d{6}-/.test(name),
  );
  const ours = runs.filter((name) => name.slice('offline-run-00000000_000000-'.length) === id).sort();
  const last = ours.at(-1);
  if (last !== undefined) {
    const folder = `${directory}/wandb/${last}`;
    if (resumeFrom === undefined)
      throw new Error(`${folder}: expected no earlier run of this id, got one — give the run another id`);
    if ((await files.list(folder)).includes(`run-${id}.wandb.synced`))
      throw new Error(
        `${folder}: expected a run that was not uploaded, got one that wandb sync marked as synced — delete run-${id}.wandb.synced, and upload it again with wandb sync --append`,
      );
    return `${folder}/run-${id}.wandb`;
  }
  // 2026-11-21T20:15:00.000Z as 20261121_201500
  const stamp = new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
  return `${directory}/wandb/offline-run-${stamp}-${id}/run-${id}.wandb`;
}

/** How much of a file stands when a run resumes: up to its exit, a later step, or what a crash left. */
function keptOf(bytes: Uint8Array, resumeFrom: number): { end: number; count: number; began?: number } {
  if (wandbHeader.some((byte, index) => bytes[index] !== byte)) return { end: 0, count: 0 };
  const kept: { end: number; count: number; began?: number } = { end: wandbHeader.length, count: 0 };
  for (const { data, end } of readLog(bytes)) {
    const { isExit, step, startTime } = readRecord(data);
    if (isExit || (step !== undefined && step > resumeFrom)) break;
    if (startTime !== undefined) kept.began = startTime;
    kept.end = end;
    kept.count++;
  }
  return kept;
}
