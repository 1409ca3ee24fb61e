import type { ByteSource, Line } from '@rag/data';
import { ChangedInputError, type InputPlace, readInputRows } from '../encode/input-rows.js';
import {
  checkSettings,
  type EncodeSettings,
  formatNote,
  type ProgressNote,
  ProgressNoteError,
  parseNote,
} from '../encode/progress-note.js';
import type { UnfinishedFile } from '../encode/unfinished-file.js';

/** Numbers that a run counts; the same keys from its beginning to its end. */
export type Tally = Readonly<Record<string, number>>;

/** How far a run is. */
export interface RowsEvent {
  /** Done in all. */
  readonly rows: number;
  /** Done by this run. */
  readonly rowsHere: number;
  /** Share of the input's bytes, 0 to 1. */
  readonly share: number;
  /** Of that, by this run. */
  readonly shareHere: number;
}

/** Rows of files that become bytes of a file. */
export interface RowsJob<Row> {
  readonly sources: readonly ByteSource[];
  readonly parse: (line: Line) => Row;
  /** What a row counts towards `windowWeight`, from 1; by default 1. */
  readonly weigh?: (row: Row) => number;
  /**
   * Weight of the rows that are done together, reached by the last of them: where windows begin depends on the rows alone, so
   * that a run that goes on makes the batches of one that was never stopped.
   */
  readonly windowWeight: number;
  /** The bytes of rows that stand together, the first of them being row `first` of all. Counts into `tally`, which is kept with them. */
  readonly transform: (
    rows: readonly Row[],
    context: {
      readonly first: number;
      readonly tally: Record<string, number>;
      readonly signal?: AbortSignal;
    },
  ) => Promise<Uint8Array>;
  readonly file: UnfinishedFile;
  /** What must not change before the file is finished. */
  readonly settings: EncodeSettings;
  /** Begin again where an unfinished file is of other settings or input. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
  readonly onProgress?: (event: RowsEvent) => void;
  /** Called with the result before the file takes its name. */
  readonly onFinish?: (result: RowsResult) => Promise<void>;
  /** Least milliseconds between commits. @default 1,000 */
  readonly commitMilliseconds?: number;
}

/** What a run did, earlier ones that it went on from included. */
export interface RowsResult {
  readonly rows: number;
  readonly tally: Tally;
}

interface RowsNote extends ProgressNote {
  readonly tally: Tally;
}

/** A run that was stopped; what was committed is kept. */
export class RowsInterruptedError extends Error {
  override readonly name = 'RowsInterruptedError';
}

/**
 * Turns rows into a file window by window, in the memory of a window. A run that was killed is gone on with behind its last commit;
 * the finished file has the bytes of an uninterrupted run's, where `transform` gives equal windows equal bytes.
 * @throws DataError, ProgressNoteError, ChangedInputError, RowsInterruptedError, and what `transform` throws
 */
export async function transformRows<Row>(job: RowsJob<Row>): Promise<RowsResult> {
  const start = startOf(job);
  try {
    return await run(job, start);
  } catch (error) {
    if (!(error instanceof ChangedInputError && job.overwrite)) throw error;
    return run(job, undefined);
  }
}

async function run<Row>(job: RowsJob<Row>, start: RowsNote | undefined): Promise<RowsResult> {
  const { file, signal, say = () => {} } = job;
  if (start === undefined) await file.begin();
  else {
    await file.goOn(start.bytes);
    say(`${file.name}: going on behind ${formatRows(start.rows)} of an earlier run`);
  }
  const kept: { note?: RowsNote } = start ? { note: start } : {};
  try {
    const result = await transformAll(job, kept);
    await job.onFinish?.(result);
    await file.finish(new Uint8Array(0));
    return result;
  } catch (error) {
    if (kept.note === undefined) await file.discard();
    else await file.close();
    const remark = kept.note
      ? `${formatRows(kept.note.rows)} are kept, the same command goes on from there`
      : 'no rows are kept';
    if (signal?.aborted)
      throw new RowsInterruptedError(`${file.name}: interrupted — ${remark}`, { cause: error });
    if (kept.note && !(error instanceof ChangedInputError)) say(`${file.name}: ${remark}`);
    throw error;
  }
}

/** The note to go on from, checked; undefined to begin. */
function startOf<Row>({ file, settings, overwrite = false }: RowsJob<Row>): RowsNote | undefined {
  if (file.note === undefined) return undefined;
  try {
    const note = parseNote(file.noteName, file.note, 1);
    checkSettings(file.noteName, note.settings, settings);
    return { ...note, tally: tallyOf(file.noteName, (note as Partial<RowsNote>).tally) };
  } catch (error) {
    if (overwrite && error instanceof ProgressNoteError) return undefined;
    throw error;
  }
}

function tallyOf(name: string, given: unknown): Tally {
  const isTally =
    typeof given === 'object' &&
    given !== null &&
    !Array.isArray(given) &&
    Object.values(given).every((count) => typeof count === 'number' && Number.isFinite(count));
  if (isTally) return given as Tally;
  throw new ProgressNoteError(
    `${name}: expected "tally" to be an object of numbers, got ${JSON.stringify(given)?.slice(0, 60)} — pass --overwrite to begin again`,
  );
}

async function transformAll<Row>(job: RowsJob<Row>, kept: { note?: RowsNote }): Promise<RowsResult> {
  const { file, transform, settings, signal, commitMilliseconds = 1_000 } = job;
  const start = kept.note;
  const total = job.sources.reduce((sum, { size }) => sum + size, 0);
  let [rows, bytes] = [start?.rows ?? 0, start?.bytes ?? 0];
  let tally: Tally = start?.tally ?? {};
  // The first rows are kept at once.
  let durable = 0;
  let origin: number | undefined;
  let appended: RowsNote | undefined;
  const commit = async (): Promise<void> => {
    if (appended === undefined) return;
    await file.commit(formatNote(appended));
    kept.note = appended;
    appended = undefined;
    durable = Date.now();
  };
  try {
    for await (const window of windowsOf(job, start)) {
      signal?.throwIfAborted();
      origin ??= window.from;
      const counted = { ...tally };
      const made = await transform(window.rows, {
        first: rows,
        tally: counted,
        ...(signal && { signal }),
      });
      signal?.throwIfAborted();
      await file.append(made);
      tally = counted;
      rows += window.rows.length;
      bytes += made.length;
      // A note of no bytes would be one of nothing done.
      if (bytes > 0) appended = { ...window.place, rows, bytes, settings, tally };
      if (Date.now() - durable >= commitMilliseconds) await commit();
      job.onProgress?.({
        rows,
        rowsHere: rows - (start?.rows ?? 0),
        share: window.to / total,
        shareHere: (window.to - origin) / total,
      });
    }
  } catch (error) {
    // What stands in the file is worth keeping, whatever went wrong; if that fails too, the first error is the one to tell.
    await commit().catch(() => {});
    throw error;
  }
  return { rows, tally };
}

interface Window<Row> {
  readonly rows: readonly Row[];
  readonly place: InputPlace;
  /** Bytes of the input through its first row and through its last. */
  readonly from: number;
  readonly to: number;
}

async function* windowsOf<Row>(
  { sources, parse, weigh = () => 1, windowWeight }: RowsJob<Row>,
  start: InputPlace | undefined,
): AsyncGenerator<Window<Row>, void, undefined> {
  let rows: Row[] = [];
  let weight = 0;
  let [from, to] = [0, 0];
  let place: () => InputPlace = () => ({ lines: 0, linesHash: '' });
  for await (const read of readInputRows(sources, parse, start)) {
    if (rows.length === 0) from = read.bytes;
    rows.push(read.row);
    weight += weigh(read.row);
    ({ bytes: to, place } = read);
    if (weight < windowWeight) continue;
    yield { rows, place: place(), from, to };
    [rows, weight] = [[], 0];
  }
  if (rows.length > 0) yield { rows, place: place(), from, to };
}

const formatRows = (rows: number): string => `${rows.toLocaleString('en')} rows`;
