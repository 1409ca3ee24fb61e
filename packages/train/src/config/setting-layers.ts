import { readAccelerate } from './accelerate-file.js';
import { ConfigError } from './config-error.js';
import { readDeepspeed } from './deepspeed-file.js';
import type { LauncherFile } from './launcher-file.js';
import type { OptionTable } from './option.js';
import { type Setting, topmost } from './resolve.js';

/** Reads a file that a setting names; undefined where there is none. */
export type ReadText = (path: string) => Promise<string | undefined>;

/**
 * What a run was given, from the lowest layer to the highest, with the files of launchers that it names beneath: accelerate's (`config_file`),
 * then DeepSpeed's (`deepspeed`, or the one that accelerate's names).
 * @throws ConfigError for a file that cannot be read or mapped
 */
export async function settingLayers(
  table: OptionTable,
  given: readonly (readonly Setting[])[],
  readText: ReadText,
): Promise<Setting[][]> {
  const beneath: Setting[][] = [];
  const read = async (key: string, setting: Setting, parse: (text: string, file: string) => LauncherFile) => {
    const { value, where, shown = '' } = setting;
    if (typeof value !== 'string' || value === '') return undefined;
    const text = await readText(value);
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
  return [...beneath, ...given.map((layer) => layer.map((setting) => replaced.get(setting) ?? setting))];
}
