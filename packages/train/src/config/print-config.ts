import { stringify } from 'yaml';
import { type Resolved, type SettingsOfTable, storedSettings } from './resolve.js';

/** The settings as a YAML file that gives the same run, each line saying what it means and where it came from. */
export function printConfig(resolved: SettingsOfTable & Pick<Resolved, 'sources' | 'notActive'>): string {
  const { table, sources, notActive } = resolved;
  const inactive = new Map(
    notActive.map(({ key, running, reason = 'not active yet' }) => [key, `${reason}: running ${running}`]),
  );
  const lines = Object.entries(storedSettings(resolved)).map(([key, value]) => {
    const { about } = table[key]!;
    const source = sources.get(key) ?? 'default';
    const running = inactive.get(key);
    const note = running === undefined ? '' : `; ${running}`;
    const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    return `${key}: ${text} # ${about} (${source}${note})`;
  });
  return `${lines.join('\n')}\n`;
}
