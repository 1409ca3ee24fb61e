import type { InputPlace } from './input-rows.js';

/** What must be the same for a file to be gone on with, as a person reads it. */
export type EncodeSettings = Readonly<Record<string, string | number | boolean>>;

/** What is kept beside an unfinished file. */
export interface ProgressNote extends InputPlace {
  readonly rows: number;
  /** Of the unfinished file. */
  readonly bytes: number;
  readonly settings: EncodeSettings;
}

const version = 1;
const counts = ['rows', 'lines', 'bytes'] as const;

/** The note as JSON. */
export const formatNote = (note: ProgressNote): string =>
  `${JSON.stringify({ version, ...note }, null, 2)}\n`;

/** A note that cannot be gone on from. */
export class ProgressNoteError extends Error {
  override readonly name = 'ProgressNoteError';
}

/**
 * Reads a note, which anybody may have changed.
 * @param step what its rows are a multiple of
 * @throws ProgressNoteError
 */
export function parseNote(name: string, text: string, step: number): ProgressNote {
  const refuse = (expected: string, got: unknown): never => {
    throw new ProgressNoteError(
      `${name}: expected ${expected}, got ${JSON.stringify(got)?.slice(0, 60)} — pass --overwrite to begin again`,
    );
  };
  let json: Partial<Record<string, unknown>>;
  try {
    json = JSON.parse(text) ?? {};
  } catch {
    return refuse('JSON', text);
  }
  if (json.version !== version) refuse(`version ${version} of the note`, json.version);
  for (const key of counts)
    if (!Number.isSafeInteger(json[key]) || (json[key] as number) < 1)
      refuse(`"${key}" to be a whole number from 1`, json[key]);
  if ((json.rows as number) % step !== 0) refuse(`"rows" to be a multiple of ${step}`, json.rows);
  if (typeof json.linesHash !== 'string') refuse('"linesHash" to be a text', json.linesHash);
  if (typeof json.settings !== 'object' || json.settings === null)
    refuse('"settings" to be an object', json.settings);
  return json as unknown as ProgressNote;
}

/** @throws ProgressNoteError naming the first setting that differs */
export function checkSettings(name: string, noted: EncodeSettings, now: EncodeSettings): void {
  const key = Object.keys({ ...noted, ...now }).find((each) => noted[each] !== now[each]);
  if (key === undefined) return;
  const shown = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));
  throw new ProgressNoteError(
    `${name}: expected ${key} ${shown(noted[key])}, with which the file was begun, got ${shown(now[key])} — give it again, or pass --overwrite to begin again`,
  );
}
