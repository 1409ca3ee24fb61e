import { ConfigError } from '../config/config-error.js';
import type { OptionTable } from '../config/option.js';
import { storedSettings } from '../config/resolve.js';

/** What a run was of: what goes on from its checkpoint must be of the same, or would end elsewhere. */
export interface RunIdentity {
  /** `reranker`, `embedding`, `colbert`. */
  readonly task: string;
  /** Those that numbers depend on, by their keys. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** SHA-256 of data files, by what they are for. */
  readonly data: Readonly<Record<string, readonly string[]>>;
  /** Of the model that it started from: its commit, or a digest of its files. */
  readonly model: string;
  readonly threads: number;
  /** Of what it ran on. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Settings that change no number: where things lie, which is checked by content, what is told, written and kept. */
const FREE = new Set([
  ...['model_name_or_path', 'cache_dir', 'token', 'revision', 'offline', 'trust_remote_code'],
  ...['train_dataset', 'train_dataset_vec', 'val_dataset', 'cache_path', 'dataloader_num_workers'],
  ...['output_dir', 'overwrite_output_dir', 'resume_from_checkpoint', 'export_onnx'],
  ...['save_steps', 'num_max_checkpoints', 'log_interval', 'log_with', 'run_name', 'project_name'],
  // Told where they differ.
  'threads',
]);

/** The settings that numbers depend on. */
export const lastingSettings = (resolved: { readonly table: OptionTable; readonly config: object }) =>
  Object.fromEntries(Object.entries(storedSettings(resolved)).filter(([key]) => !FREE.has(key)));

/**
 * Holds a run against the one that it is to go on from.
 * @param defaults what a setting is that was not there when the checkpoint was written
 * @returns what differs and may: a line each
 * @throws ConfigError naming the key, its old and its new value
 */
export function checkSameRun(before: RunIdentity, now: RunIdentity, table: OptionTable): string[] {
  if (before.task !== now.task)
    throw differs('resume_from_checkpoint', 'a run of the same task', before.task, now.task);
  const keys = new Set([...Object.keys(before.settings), ...Object.keys(now.settings)]);
  for (const key of keys) {
    if (FREE.has(key)) continue;
    const [old, own] = [before.settings[key] ?? table[key]?.default, now.settings[key]].map(textOf);
    if (old !== own) throw differs(key, `the ${key} that the run began with`, old!, own!);
  }
  for (const kind of new Set([...Object.keys(before.data), ...Object.keys(now.data)]))
    if (textOf(before.data[kind]) !== textOf(now.data[kind]))
      throw new ConfigError(
        `${kind}_dataset`,
        `${kind}_dataset`,
        `expected the files that the run began with, got others (SHA-256 ${shortened(now.data[kind])} in the place of ${shortened(before.data[kind])}) — bring them back, or begin again without --resume`,
      );
  if (before.model !== now.model)
    throw differs('model_name_or_path', 'the model that the run began with', before.model, now.model);
  const notes: string[] = [];
  if (before.threads !== now.threads)
    notes.push(
      `threads: ${now.threads} in the place of ${before.threads}: sums are taken in another order, so the last bits may differ from those of the uninterrupted run`,
    );
  for (const name of new Set([...Object.keys(before.versions), ...Object.keys(now.versions)]))
    if (before.versions[name] !== now.versions[name])
      notes.push(
        `${name} ${now.versions[name] ?? 'none'} in the place of ${before.versions[name] ?? 'none'}: numbers may differ`,
      );
  return notes;
}

const textOf = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

const shortened = (digests: readonly string[] = []): string =>
  digests.map((digest) => digest.slice(0, 8)).join(', ') || 'none';

const differs = (key: string, expected: string, old: string, now: string): ConfigError =>
  new ConfigError(
    key,
    key,
    `expected ${expected}, ${old}, got ${now} — set it back, or begin again without --resume`,
  );
