import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { ConfigError } from './config-error.js';
import type { Setting } from './resolve.js';

/**
 * The settings of a YAML 1.2 file (`5e-5` is a number, `no` a text), each with the line that it stands on.
 * @param file how errors call it
 * @throws ConfigError with file and line where it is no YAML, or no list of `key: value`
 */
export function readYaml(yaml: string, file: string): Setting[] {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const [fault] = [...document.errors, ...document.warnings];
  if (fault)
    throw new ConfigError(at(fault.pos[0]), undefined, `expected YAML, got an error: ${fault.message}`, {
      cause: fault,
    });
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  if (!isMap(contents))
    throw new ConfigError(
      at(contents.range?.[0] ?? 0),
      undefined,
      'expected lines of `key: value`, got something else — see the table of keys',
    );
  return contents.items.map(({ key, value }) => {
    const name = String((key as { value: unknown }).value);
    const where = at((key as { range?: [number, number, number] | null }).range?.[0] ?? 0);
    return { key: name, value: plainValue(value, document, where, name), where, shown: `"${name}" ` };
  });
}

function plainValue(
  node: unknown,
  document: ReturnType<typeof parseDocument>,
  where: string,
  key: string,
): unknown {
  if (node === null) return null;
  try {
    // Aliases are resolved, within the library's bound on how much they may expand.
    return (node as { toJS(document: unknown): unknown }).toJS(document);
  } catch (cause) {
    throw new ConfigError(where, key, `"${key}" expected a value, got ${(cause as Error).message}`, {
      cause,
    });
  }
}
