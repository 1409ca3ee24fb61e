import { describe, expect, test } from 'vitest';
import { camelCase, type Option, type OptionTable } from '../config/option.js';
import { readYaml } from '../config/read-yaml.js';
import { resolveSettings, spellings } from '../config/resolve.js';

/** Something that a setting of this kind accepts and that is not its default; the text that a flag gives for it. */
function example({ kind, default: byDefault }: Option): { value: unknown; text: string } {
  const [some] = /(?<=^none, or some of ).*/.exec(kind.expected)?.[0].split(', ') ?? ['other.jsonl'];
  if (kind.many) return { value: [some], text: some! };
  const names = /^one of (.*)$/.exec(kind.expected)?.[1]?.split(', ') ?? [];
  const candidates: unknown[] = [true, false, 1e-7, 0.25, 33, 3, ...names, 'other', '64, 32'];
  const value = candidates.find((one) => kind.schema.safeParse(one).success && one !== byDefault);
  return { value, text: String(value) };
}

/** What must hold for every table of settings. */
export function examineOptions(table: OptionTable): void {
  test('no two settings share a spelling', () => {
    const all = spellings(table);
    expect(new Set([...all, ...all.map(camelCase)]).size).toBe(
      new Set(all).size + all.filter((key) => key.includes('_')).length,
    );
  });

  describe.each(Object.entries(table) as [string, Option][])('%s', (key, entry) => {
    const { value, text } = example(entry);
    const { config: defaults } = resolveSettings(table, []);
    const read = (layer: Parameters<typeof resolveSettings>[1][number]) =>
      resolveSettings(table, [layer]).config[camelCase(key) as keyof typeof defaults];

    test('has its default, and a default that it accepts', () => {
      expect(defaults[camelCase(key) as keyof typeof defaults]).toEqual(entry.default);
      if (entry.default !== undefined) expect(entry.kind.schema.safeParse(entry.default).success).toBe(true);
      expect(entry.about).toMatch(/\S/);
    });

    test('is read from YAML, from a flag and from code, under every name', () => {
      const expected = read([{ key, value, where: 'code' }]);
      expect(expected).not.toEqual(entry.default);
      for (const name of [key, ...entry.aliases]) {
        expect(read(readYaml(`${name}: ${JSON.stringify(value)}\n`, 'f.yaml'))).toEqual(expected);
        expect(read([{ key: name, value: entry.kind.fromText(text), where: `--${name}` }])).toEqual(expected);
        expect(read([{ key: camelCase(name), value, where: 'train()' }])).toEqual(expected);
      }
    });

    test('refuses a value of another kind, with its place', () => {
      const odd = readYaml(`\n${key}: {a: 1}\n`, 'f.yaml');
      expect(() => read(odd)).toThrow(`f.yaml:2: "${key}" expected ${entry.kind.expected}, got {"a":1} — `);
    });
  });
}
