import type { ByteSource, Line } from '@rag/data';
import type { InputRow } from './input-row.js';
import { ChangedInputError, type InputPlace, readInputRows } from './input-rows.js';
import {
  checkSettings,
  type EncodeSettings,
  formatNote,
  type ProgressNote,
  ProgressNoteError,
  parseNote,
} from './progress-note.js';
import type { UnfinishedFile } from './unfinished-file.js';
import type { VectorCodec } from './vector-codec.js';

/** Gives texts their vectors, each of `width` elements. */
export interface VectorEncoder {
  readonly width: number;
  /** Told of the texts of the next window, in the array that `encode` will be given, before this one is encoded. */
  prepare?(texts: readonly string[]): void;
  encode(
    texts: readonly string[],
    control: { readonly signal?: AbortSignal; readonly onProgress: (done: number) => void },
  ): Promise<readonly Float32Array[]>;
}

/** How far a run is. */
export interface EncodeEvent {
  /** In all. */
  readonly rows: number;
  /** By this run. */
  readonly rowsHere: number;
  /** Share of the input's bytes, 0 to 1. */
  readonly share: number;
  /** Of that, by this run. */
  readonly shareHere: number;
}

/** What to encode, by what, to where. */
export interface EncodeJob {
  readonly sources: readonly ByteSource[];
  readonly parse: (line: Line) => InputRow;
  readonly encoder: VectorEncoder;
  readonly codec: VectorCodec;
  readonly file: UnfinishedFile;
  /** What must not change before the file is finished; asked for when it is first needed. */
  readonly settings: () => Promise<EncodeSettings>;
  /** Begin again where an unfinished file is of other settings or input. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
  readonly onProgress?: (event: EncodeEvent) => void;
  /** Least milliseconds between commits. @default 1,000 */
  readonly commitMilliseconds?: number;
}

/** A run that was stopped. */
export class EncodeInterruptedError extends Error {
  override readonly name = 'EncodeInterruptedError';
}

/**
 * Texts that are encoded together, sorted by length: batches, and with them the last bits of vectors, depend on nothing
 * but a row's place. A power of two.
 */
export const windowRows = 1024;

/**
 * Encodes every row to a file, in the memory of a window. A run that was killed is gone on with behind its last commit; the
 * finished file has the bytes of an uninterrupted run's, where the encoder gives equal windows equal vectors.
 * @returns the number of rows
 * @throws DataError, ProgressNoteError, ChangedInputError, EncodeInterruptedError, and what the encoder throws; rows that
 * were committed are kept
 */
export async function encodeFile(job: EncodeJob): Promise<number> {
  const settings = memoized(job.settings);
  const start = await startOf(job, settings);
  try {
    return await run(job, settings, start);
  } catch (error) {
    if (!(error instanceof ChangedInputError && job.overwrite)) throw error;
    return run(job, settings, undefined);
  }
}

async function run(
  { file, codec, signal, say = () => {}, ...job }: EncodeJob,
  settings: () => Promise<EncodeSettings>,
  start: ProgressNote | undefined,
): Promise<number> {
  if (start === undefined) {
    await file.begin();
    await file.append(codec.header(0));
  } else {
    await file.goOn(start.bytes);
    say(`${file.name}: going on behind ${formatRows(start.rows)} of an earlier run`);
  }
  const kept: Kept = { ...(start && { note: start }) };
  try {
    const rows = await encodeRows({ ...job, file, codec, ...(signal && { signal }) }, settings, kept);
    await file.finish(codec.header(rows));
    return rows;
  } catch (error) {
    if (kept.note === undefined) await file.discard();
    else await file.close();
    const remark = kept.note
      ? `${formatRows(kept.note.rows)} are kept, the same command goes on from there`
      : 'no rows are kept';
    if (signal?.aborted)
      throw new EncodeInterruptedError(`${file.name}: interrupted — ${remark}`, { cause: error });
    if (kept.note && !(error instanceof ChangedInputError)) say(`${file.name}: ${remark}`);
    throw error;
  }
}

/** The note to go on from, checked; undefined to begin. */
async function startOf(
  { file, codec, overwrite = false }: EncodeJob,
  settings: () => Promise<EncodeSettings>,
): Promise<ProgressNote | undefined> {
  if (file.note === undefined) return undefined;
  try {
    const note = parseNote(file.noteName, file.note, Math.max(windowRows, codec.group));
    checkSettings(file.noteName, note.settings, await settings());
    return note;
  } catch (error) {
    if (overwrite && error instanceof ProgressNoteError) return undefined;
    throw error;
  }
}

/** The last commit. */
interface Kept {
  note?: ProgressNote;
}

/** Rows that are encoded and not appended yet. */
interface Held {
  readonly rows: InputRow[];
  readonly vectors: Float32Array[];
}

async function encodeRows(
  job: EncodeJob,
  settings: () => Promise<EncodeSettings>,
  kept: Kept,
): Promise<number> {
  const { encoder, codec, file, signal, commitMilliseconds = 1_000 } = job;
  const start = kept.note;
  let rows = start?.rows ?? 0;
  let bytes = start?.bytes ?? codec.header(0).length;
  // The first rows are kept at once.
  let durable = 0;
  const report = progressOf(job, rows);
  const appended: { note?: Omit<ProgressNote, 'settings'> } = {};
  let held: Held = { rows: [], vectors: [] };

  const append = async (): Promise<void> => {
    const encoded = await codec.encode(held.rows, matrix(held.vectors, encoder.width));
    await file.append(encoded);
    bytes += encoded.length;
    rows += held.rows.length;
    held = { rows: [], vectors: [] };
  };
  const commit = async (): Promise<void> => {
    if (appended.note === undefined) return;
    const note = { ...appended.note, settings: await settings() };
    await file.commit(formatNote(note));
    kept.note = note;
    delete appended.note;
    durable = Date.now();
  };

  try {
    const windows = windowsOf(job, start);
    for await (const window of encoder.prepare ? oneAhead(windows, encoder) : windows) {
      const vectors = await encoder.encode(window.texts, {
        ...(signal && { signal }),
        onProgress: (done) => report(window, rows + held.rows.length, done),
      });
      signal?.throwIfAborted();
      held.rows.push(...window.rows);
      held.vectors.push(...vectors);
      // A short window is the last one: it is never gone on behind.
      if (window.rows.length < windowRows || held.rows.length % codec.group !== 0) continue;
      await append();
      appended.note = { ...window.place, rows, bytes };
      if (Date.now() - durable >= commitMilliseconds) await commit();
    }
  } catch (error) {
    // What stands in the file is worth keeping, whatever went wrong; if that fails too, the first error is the one to tell.
    await commit().catch(() => {});
    throw error;
  }
  if (held.rows.length > 0) await append();
  return rows;
}

interface Window {
  readonly rows: readonly InputRow[];
  readonly texts: readonly string[];
  readonly place: InputPlace;
  /** Bytes of the input through its first row and through its last. */
  readonly from: number;
  readonly to: number;
}

/** Windows of rows, each full but the last. */
async function* windowsOf(
  { sources, parse }: EncodeJob,
  start: InputPlace | undefined,
): AsyncGenerator<Window, void, undefined> {
  let rows: InputRow[] = [];
  let [from, to] = [0, 0];
  let place: () => InputPlace = () => ({ lines: 0, linesHash: '' });
  for await (const read of readInputRows(sources, parse, start)) {
    if (rows.length === 0) from = read.bytes;
    rows.push(read.row);
    ({ bytes: to, place } = read);
    if (rows.length < windowRows) continue;
    yield { rows, texts: textsOf(rows), place: place(), from, to };
    rows = [];
  }
  if (rows.length > 0) yield { rows, texts: textsOf(rows), place: place(), from, to };
}

const textsOf = (rows: readonly InputRow[]): string[] => rows.map(({ text }) => text);

/** The windows, each read and prepared while the one before is encoded; an error of reading is thrown when its turn comes. */
async function* oneAhead(
  windows: AsyncGenerator<Window, void, undefined>,
  encoder: VectorEncoder,
): AsyncGenerator<Window, void, undefined> {
  const read = () => {
    const next = windows.next().then((result) => {
      if (!result.done) encoder.prepare?.(result.value.texts);
      return result;
    });
    next.catch(() => {});
    return next;
  };
  let ahead = read();
  try {
    for (;;) {
      const result = await ahead;
      if (result.done) return;
      ahead = read();
      yield result.value;
    }
  } finally {
    await windows.return();
  }
}

/** Tells how far a run is, which began behind `startRows`. */
function progressOf({ sources, onProgress }: EncodeJob, startRows: number) {
  const total = sources.reduce((sum, { size }) => sum + size, 0);
  let origin: number | undefined;
  return ({ rows, from, to }: Window, before: number, done: number): void => {
    origin ??= from;
    const bytes = from + ((to - from) * done) / rows.length;
    onProgress?.({
      rows: before + done,
      rowsHere: before + done - startRows,
      share: bytes / total,
      shareHere: (bytes - origin) / total,
    });
  };
}

function matrix(vectors: readonly Float32Array[], width: number): Float32Array {
  const rows = new Float32Array(vectors.length * width);
  for (const [i, vector] of vectors.entries()) {
    if (vector.length !== width)
      throw new RangeError(`vectors: expected ${width} elements each, got ${vector.length}`);
    rows.set(vector, i * width);
  }
  return rows;
}

function memoized<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const formatRows = (rows: number): string => `${rows.toLocaleString('en')} rows`;
