import type { Outcome, TrackedRun } from './tracker.js';
import { type HistoryRow, rowValues, wandbConfig, wandbJson } from './wandb-rows.js';
import { int, message, string } from './wire-format.js';

// Field numbers: wandb/proto/wandb_internal.proto (records), wandb_base.proto.

const item = (key: string, value: unknown): Uint8Array[] => [string(1, key), string(16, wandbJson(value))];

const timestamp = (time: number): Uint8Array[] => [
  int(1, Math.floor(time / 1000)),
  int(2, Math.floor((time % 1000) * 1e6)),
];

/** What is in a Record; the log numbers it. */
export type RecordBody = Uint8Array;

/** HeaderRecord: which version of the package wrote the file, and the oldest that reads it. */
export const headerRecord = (): RecordBody =>
  message(21, message(1, string(1, '0.16.0'), string(2, '0.13.0')));

/** RunRecord; without an entity the key's own is taken when it is synced. */
export const runRecordOf = (
  { id, name, project, config }: TrackedRun,
  entity: string | undefined,
  time: number,
): RecordBody =>
  message(
    17,
    string(1, id),
    ...(entity === undefined ? [] : [string(2, entity)]),
    string(3, project),
    message(4, ...[...wandbConfig(config)].map(([key, value]) => message(1, ...item(key, value)))),
    string(8, name),
    message(17, ...timestamp(time)),
  );

export const historyRecord = (row: HistoryRow, began: number): RecordBody =>
  message(
    2,
    ...Object.entries(rowValues(row, began)).map(([key, value]) => message(1, ...item(key, value))),
    message(2, int(1, row.step)),
  );

export const summaryRecord = (summary: Readonly<Record<string, unknown>>): RecordBody =>
  message(3, ...Object.entries(summary).map(([key, value]) => message(1, ...item(key, value))));

/** OutputRawRecord: a line of the run's standard output. */
export const outputRecord = (line: string, time: number): RecordBody =>
  message(13, int(1, 1), message(2, ...timestamp(time)), string(3, `${line}\n`));

/** Exit codes of processes: of one that was interrupted 128 + SIGINT. */
export const exitCodes: Readonly<Record<Outcome, number>> = { finished: 0, failed: 1, interrupted: 130 };

/** RunExitRecord; `runtime` in seconds. */
export const exitRecord = (outcome: Outcome, runtime: number): RecordBody =>
  message(18, int(1, exitCodes[outcome]), int(2, Math.round(runtime)));
