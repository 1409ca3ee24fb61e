import { ConfigError } from './config-error.js';
import type { Setting } from './resolve.js';

/** What runs in place of something that a launcher's file asks for, and why. */
export interface LauncherNote {
  readonly reason: string;
  readonly running: string;
}

/** What a launcher's file means for a run here. */
export interface LauncherFile {
  /** Settings that it gives. */
  readonly settings: readonly Setting[];
  /** What of it cannot be mapped. */
  readonly notes: readonly LauncherNote[];
}

/** What is gathered while such a file is read. */
export interface Gathering {
  /** A setting, unless its value is missing or "auto". @param shown the key as the file has it */
  set(key: string, value: unknown, at: { readonly where: string; readonly shown: string }): void;
  note(note: LauncherNote): void;
  /** A key that means nothing here, unless its value asks for nothing. */
  spare(key: string, value: unknown): void;
  /** @param whose "PyTorch’s", "DeepSpeed’s" */
  result(whose: string): LauncherFile;
}

/** Starts with nothing. */
export function gathering(): Gathering {
  const settings: Setting[] = [];
  const notes: LauncherNote[] = [];
  const spared: string[] = [];
  return {
    set(key, value, { where, shown }) {
      if (value === undefined || value === null || value === 'auto') return;
      settings.push({ key, value, where, shown: `"${shown}" ` });
    },
    note: (note) => void notes.push(note),
    spare(key, value) {
      if (!asksForNothing(value)) spared.push(key);
    },
    result(whose) {
      if (spared.length > 0) notes.push({ reason: `${spared.join(', ')}: ${whose} own`, running: 'without' });
      return { settings, notes };
    },
  };
}

/** Whether a value switches nothing on: false, none, "no", 0, an empty list or map. */
function asksForNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0) return true;
  if (typeof value === 'string') return ['', 'no', 'none', 'false', 'auto'].includes(value.toLowerCase());
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The entries of a part of such a file. @throws ConfigError where it is no map */
export function entriesOf(value: unknown, where: string, key: string): [string, unknown][] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ConfigError(
      where,
      undefined,
      `"${key}" expected a map of keys, got ${JSON.stringify(value)} — see the launcher’s own documentation`,
    );
  return Object.entries(value);
}
