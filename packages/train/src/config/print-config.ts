import { stringify } from 'yaml';
import { type ResolvedReranker, storedSettings } from './reranker-config.js';
import { rerankerOptions } from './reranker-options.js';

/** The settings as a YAML file that gives the same run, each line saying what it means and where it came from. */
export function printConfig({ config, sources, notActive }: ResolvedReranker): string {
  const inactive = new Map(notActive.map(({ key, running }) => [key, running]));
  const lines = Object.entries(storedSettings(config)).map(([key, value]) => {
    const { about } = rerankerOptions[key as keyof typeof rerankerOptions];
    const source = sources.get(key) ?? 'default';
    const running = inactive.get(key);
    const note = running === undefined ? '' : `; not active yet: running ${running}`;
    const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    return `${key}: ${text} # ${about} (${source}${note})`;
  });
  return `${lines.join('\n')}\n`;
}
