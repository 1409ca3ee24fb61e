import { readAccelerate } from './accelerate-file.js';
import { ConfigError } from './config-error.js';
import { readDeepspeed } from './deepspeed-file.js';
import type { LauncherFile } from './launcher-file.js';
import type { OptionTable } from './option.js';
import { canonicalKey, type Setting, topmost } from './resolve.js';

/** The files that settings name. */
export interface SettingFiles {
  /** A text file; undefined where there is none. */
  readText(path: string): Promise<string | undefined>;
  /** What lies directly in a directory; nothing where there is none. */
  list(path: string): Promise<readonly string[]>;
}

/**
 * What a run was given, from the lowest layer to the highest, with the files of launchers that it names beneath: accelerate's (`config_file`),
 * then DeepSpeed's (`deepspeed`, or the one that accelerate's names). A folder of data stands for the JSON lines files in it, by name.
 * @throws ConfigError for a file that cannot be read or mapped, and for a folder without data
 */
export async function settingLayers(
  table: OptionTable,
  given: readonly (readonly Setting[])[],
  { readText, list }: SettingFiles,
): Promise<Setting[][]> {
  const beneath: Setting[][] = [];
  const read = async (key: string, setting: Setting, parse: (text: string, file: string) => LauncherFile) => {
    const { value, where, shown = '' } = setting;
    if (typeof value !== 'string' || value === '') return undefined;
    const text = await readText(value).catch((cause: Error) => {
      throw new ConfigError(
        where,
        key,
        `${shown}expected a file, got ${value}, which cannot be read (${(cause as NodeJS.ErrnoException).code ?? cause.message}) — check the path`,
        { cause },
      );
    });
    if (text === undefined)
      throw new ConfigError(
        where,
        key,
        `${shown}expected a file, got ${value}, which is none — check the path`,
      );
    const file = parse(text, value);
    beneath.push([...file.settings]);
    return file;
  };
  const replaced = new Map<Setting, Setting>();
  const accelerate = topmost(table, given, 'config_file');
  if (accelerate) {
    let deepspeed: string | undefined;
    const file = await read('config_file', accelerate, (text, name) => {
      const found = readAccelerate(text, name);
      deepspeed = found.deepspeed;
      return found;
    });
    const notes = [...(file?.notes ?? [])];
    if (deepspeed !== undefined) {
      const inner = { ...accelerate, value: deepspeed, where: String(accelerate.value), shown: '' };
      notes.push(...((await read('deepspeed', inner, readDeepspeed))?.notes ?? []));
    }
    replaced.set(accelerate, { ...accelerate, notes });
  }
  const deepspeed = topmost(table, given, 'deepspeed');
  if (deepspeed) {
    const file = await read('deepspeed', deepspeed, readDeepspeed);
    replaced.set(deepspeed, { ...deepspeed, notes: file?.notes ?? [] });
  }
  const expanded = given.map((layer) =>
    Promise.all(layer.map((setting) => withoutFolders(table, replaced.get(setting) ?? setting, list))),
  );
  return [...beneath, ...(await Promise.all(expanded))];
}

/** A setting of data files with the files of each folder in its place. */
async function withoutFolders(
  table: OptionTable,
  setting: Setting,
  list: SettingFiles['list'],
): Promise<Setting> {
  const key = canonicalKey(table, setting.key);
  const { kind, path } = (key !== undefined && table[key]) || {};
  const given = typeof setting.value === 'string' ? [setting.value] : setting.value;
  if (!kind?.many || path !== 'file' || !Array.isArray(given)) return setting;
  const files: unknown[] = [];
  for (const one of given) {
    const names = typeof one === 'string' && one !== '' ? await list(one) : [];
    const data = names.filter((name) => /\.jsonl?$/.test(name)).toSorted();
    if (names.length > 0 && data.length === 0)
      throw new ConfigError(
        setting.where,
        key,
        `${setting.shown ?? ''}expected .jsonl or .json files in the folder ${one}, got ${names.slice(0, 3).join(', ')} — name a file`,
      );
    files.push(
      ...(names.length > 0 ? data.map((name) => `${String(one).replace(/[\\/]+$/, '')}/${name}`) : [one]),
    );
  }
  return { ...setting, value: files };
}
