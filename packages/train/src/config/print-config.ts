import { stringify } from 'yaml';
import { type Resolved, type SettingsOfTable, storedSettings } from './resolve.js';
import { schemaFile } from './settings-schema.js';

/**
 * The settings as a YAML file that gives the same run: each line says what it means, where it came from, and what runs in its stead, if
 * anything does; keys that nothing sets are comments. Its first line names the schema that `--print-schema` prints, for editors.
 */
export function printConfig(
  task: string,
  resolved: SettingsOfTable & Pick<Resolved, 'sources' | 'notActive'>,
): string {
  const { table, sources, notActive } = resolved;
  const stored = storedSettings(resolved);
  const lines = Object.entries(table).map(([key, { about }]) => {
    const value = stored[key];
    if (value === undefined) return `# ${key}: # ${about}`;
    const notes = notActive
      .filter((one) => one.key === key)
      .map(({ running, reason }) => `; ${reason}: running ${running}`);
    const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    return `${key}: ${text} # ${about} (${sources.get(key) ?? 'default'}${notes.join('')})`;
  });
  const schema = schemaFile(task);
  const head = [
    `# yaml-language-server: $schema=${schema}`,
    `# The schema: rag train ${task} --print-schema > ${schema}`,
  ];
  return `${[...head, ...lines].join('\n')}\n`;
}
