import { type Clock, systemClock } from '../distill/clock.js';
import type { TrackedEntry, TrackerDriver } from './tracker.js';
import { type GrowingFile, type SyncPolicy, syncedFile, type TrackerFiles } from './tracker-files.js';

export interface JsonlOptions {
  readonly files: TrackerFiles;
  /** The file. */
  readonly path: string;
  /** @default 1,000 ms */
  readonly sync?: SyncPolicy;
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * A run as lines of JSON, each complete or, after a crash, cut off when the file is opened next: `{"kind":"run",…}`, then
 * `{"kind":"scalars","step":10,"time":…,"values":{…}}` and its like, at the end `{"kind":"end",…}`. Numbers that JSON has not are
 * the strings `NaN`, `Infinity` and `-Infinity`. A run that resumes drops the lines of later updates than its checkpoint's.
 */
export function jsonlTracker({
  files,
  path,
  sync = 1_000,
  clock = systemClock,
}: JsonlOptions): TrackerDriver {
  let file: ReturnType<typeof syncedFile> | undefined;
  const append = (lines: readonly object[]): Promise<void> =>
    file!.append(new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line, plain)}\n`).join('')));
  return {
    name: `jsonl ${path}`,
    gather: 0,
    async open({ id, name, project, config, totalSteps, resumeFrom }) {
      const opened = await files.open(path);
      try {
        await opened.cut(await endToKeep(opened, id, resumeFrom));
      } catch (error) {
        await opened.close();
        throw error;
      }
      file = syncedFile(opened, sync, () => clock.now());
      await append([{ kind: 'run', time: clock.now(), id, name, project, totalSteps, resumeFrom, config }]);
    },
    write: (entries) => append(entries.map(lineOf)),
    async close(outcome) {
      await append([{ kind: 'end', time: clock.now(), outcome }]);
      await file!.close();
    },
  };
}

function lineOf(entry: TrackedEntry): object {
  const { kind, step, time, ...rest } = entry;
  return { kind, step, time, ...rest };
}

const plain = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value)
    ? String(value)
    : typeof value === 'bigint'
      ? String(value)
      : value;

/** Bytes up to the first line of this run that is of a later step, or that a crash left unfinished. */
async function endToKeep(file: GrowingFile, id: string, resumeFrom: number | undefined): Promise<number> {
  const bytes = await file.read();
  const complete = bytes.lastIndexOf(0x0a) + 1;
  if (resumeFrom === undefined) return complete;
  let isOurs = false;
  for (let from = 0; from < complete; ) {
    const to = bytes.indexOf(0x0a, from) + 1;
    const line = parseLine(new TextDecoder().decode(bytes.subarray(from, to)));
    if (line.kind === 'run') isOurs = line.id === id;
    else if (isOurs && typeof line.step === 'number' && line.step > resumeFrom) return from;
    from = to;
  }
  return complete;
}

/** Nothing for a line that is none of ours. */
function parseLine(text: string): {
  readonly kind?: unknown;
  readonly id?: unknown;
  readonly step?: unknown;
} {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
