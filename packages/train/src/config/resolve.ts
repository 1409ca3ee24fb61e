import { ConfigError } from './config-error.js';
import type { LauncherNote } from './launcher-file.js';
import { nearestKey } from './nearest-key.js';
import { type ConfigOf, camelCase, type Option, type OptionTable } from './option.js';

/** A value that somebody gave to a key. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  /** `training.yaml:3`, `--lr`, `train()`. */
  readonly where: string;
  /** How the key is spelled there, for errors: "lr" in a file, nothing in a flag whose name `where` is. */
  readonly shown?: string;
  /** What of the launcher's file that this names has no setting here; absent where the file was not read. */
  readonly notes?: readonly LauncherNote[];
}

/** A setting that is not obeyed to the letter: it means nothing here, or nothing where this run computes. */
export interface NotActive {
  readonly key: string;
  /** What was asked for; undefined where it is secret. */
  readonly value: unknown;
  readonly running: string;
  /** Why. */
  readonly reason: string;
}

/** Settings of all sources together. */
export interface Resolved<Table extends OptionTable = OptionTable> {
  readonly table: Table;
  readonly config: ConfigOf<Table>;
  /** Where each key that was given got its value. */
  readonly sources: ReadonlyMap<string, string>;
  readonly notActive: readonly NotActive[];
}

/** The table's key for a spelling of it: the key itself, an alias, or either in camelCase. */
export function canonicalKey(table: OptionTable, spelling: string): string | undefined {
  const matches = (name: string) => name === spelling || camelCase(name) === spelling;
  return Object.keys(table).find((key) => [key, ...table[key]!.aliases].some(matches));
}

/** The setting of a key that counts: of the highest layer that has it. */
export function topmost(
  table: OptionTable,
  layers: readonly (readonly Setting[])[],
  key: string,
): Setting | undefined {
  return layers
    .flat()
    .findLast(
      (setting) =>
        canonicalKey(table, setting.key) === key && setting.value !== null && setting.value !== undefined,
    );
}

/** Every spelling that files and flags may use. */
export function spellings(table: OptionTable): string[] {
  return Object.entries(table).flatMap(([key, { aliases }]) => [key, ...aliases]);
}

/** Keys that say the same thing in other words: what a layer says on one side takes what is beneath it on the others with it. */
const ALTERNATIVES: readonly (readonly (readonly string[])[])[] = [
  [['mixed_precision'], ['fp16'], ['bf16']],
  [['max_len'], ['query_max_len', 'passage_max_len']],
  [['warmup_steps'], ['warmup_proportion']],
  [['neg_nums'], ['train_group_size']],
];

/** The keys that a given value of a key takes the place of. */
const inPlaceOf = (key: string, value: unknown): string[] =>
  value === null || value === undefined || value === false
    ? []
    : ALTERNATIVES.filter((sides) => sides.some((side) => side.includes(key))).flatMap((sides) =>
        sides.filter((side) => !side.includes(key)).flat(),
      );

/**
 * Settings of several layers (a file, then flags) with the table's defaults; a later layer beats an earlier one, also where it says the same in
 * other words (`--bf16` above `mixed_precision: fp16`). Every given value is checked, also one that a later layer beats; null leaves a key at
 * its default.
 * @throws ConfigError for an unknown key, with the nearest known one; a value of the wrong kind; a key given twice in one
 * layer, aliases included
 */
export function resolveSettings<const Table extends OptionTable>(
  table: Table,
  layers: readonly (readonly Setting[])[],
): Resolved<Table> {
  const values = new Map<string, unknown>();
  const sources = new Map<string, string>();
  const notActive: NotActive[] = [];
  for (const layer of layers) {
    const seen = new Map<string, Setting>();
    for (const setting of layer) {
      const key = canonicalKey(table, setting.key) ?? unknownKey(table, setting);
      const before = seen.get(key);
      if (before)
        throw new ConfigError(
          setting.where,
          key,
          `expected ${key} once, got it as ${before.key} (${before.where}) and as ${setting.key} — keep one`,
        );
      seen.set(key, setting);
      if (setting.value === null || setting.value === undefined) continue;
      values.set(key, checked(key, table[key]!, setting));
      sources.set(key, setting.where);
      for (const note of setting.notes ?? []) notActive.push({ key, value: setting.value, ...note });
    }
    for (const [key, { value }] of seen)
      for (const other of inPlaceOf(key, value).filter((other) => !seen.has(other))) {
        values.delete(other);
        sources.delete(other);
      }
  }
  const config: Record<string, unknown> = Object.fromEntries(
    Object.entries(table).map(([key, entry]) => [
      camelCase(key),
      values.has(key) ? values.get(key) : entry.default,
    ]),
  );
  for (const [key, entry] of Object.entries(table)) {
    const value = config[camelCase(key)];
    // Where the run computes is one of the settings.
    const other = entry.instead?.(value, config);
    if (other) notActive.push({ key, value: entry.secret ? undefined : value, ...other });
  }
  return { table, config: config as ConfigOf<Table>, sources, notActive };
}

/** `mixed_precision bf16: the cpu provider has no bf16 kernels: running fp32`. */
export function formatNotActive({ key, value, running, reason }: NotActive): string {
  const asked = value === undefined ? '' : ` ${typeof value === 'string' ? value : JSON.stringify(value)}`;
  return `${key}${asked}: ${reason}: running ${running}`;
}

/** Settings that code gives in camelCase, as a layer. */
export function settingsOf(options: Readonly<Record<string, unknown>>, where = 'train()'): Setting[] {
  return Object.entries(options).map(([key, value]) => ({ key, value, where, shown: `"${key}" ` }));
}

/** Settings of some table. */
export interface SettingsOfTable {
  readonly table: OptionTable;
  readonly config: object;
}

/** Every setting of a run under its file key, without secrets, for storing and printing. */
export function storedSettings({ table, config }: SettingsOfTable): Record<string, unknown> {
  const values = config as Readonly<Record<string, unknown>>;
  const stored: Record<string, unknown> = {};
  for (const [key, { secret }] of Object.entries(table)) {
    const value = values[camelCase(key)];
    if (value !== undefined && !secret) stored[key] = value;
  }
  return stored;
}

/**
 * Every setting of a run as it may be published with the model: files by their names alone, without secrets and places of the
 * machine.
 */
export function publishedSettings(resolved: SettingsOfTable): Record<string, unknown> {
  const settings = storedSettings(resolved);
  for (const [key, { path }] of Object.entries(resolved.table)) {
    const value = settings[key];
    if (path === 'place') delete settings[key];
    else if (path === 'file' && value !== undefined)
      settings[key] = Array.isArray(value) ? value.map(fileName) : fileName(value);
  }
  return settings;
}

/** The last part of a path, of any system. */
export const fileName = (path: unknown): string => String(path).split(/[\\/]/).at(-1)!;

function checked(key: string, { kind, about }: Option, setting: Setting): unknown {
  const result = kind.schema.safeParse(setting.value);
  if (result.success) return result.data;
  const { where, shown = '', value } = setting;
  const near = typeof value === 'string' && kind.names ? nearestKey(value, kind.names) : undefined;
  // JSON has no NaN and no Infinity.
  const got = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  throw new ConfigError(
    where,
    key,
    `${shown}expected ${kind.expected}, got ${got.length > 80 ? `${got.slice(0, 80)}…` : got} — ${near === undefined ? about : `did you mean "${near}"?`}`,
    { cause: result.error },
  );
}

function unknownKey(table: OptionTable, { key, where }: Setting): never {
  const camel = !key.includes('_') && /[A-Z]/.test(key);
  const known = spellings(table).map((name) => (camel ? camelCase(name) : name));
  const near = nearestKey(key, known);
  const advice = near === undefined ? 'see --help' : `did you mean "${near}"?`;
  throw new ConfigError(where, undefined, `expected a known key, got "${key}" — ${advice}`);
}
