import { LoraError } from './lora-config.js';

/**
 * A pattern of parameters' names: a glob in which `*` is any text, dots included, `?` one character, `[0-5]` one of some and `{0,11}` one of several;
 * it must be some whole segments of the name, so that `layer.1` fits `bert.encoder.layer.1.output.dense.weight` and not layer 11. Between
 * slashes a regular expression, found anywhere in the name: `/layer\.(\d|1[01])\./`.
 * @param field the setting in error messages
 * @throws LoraError for what is no pattern
 */
export function namePattern(pattern: string, field: string): (name: string) => boolean {
  const [, expression] = /^\/(.+)\/$/s.exec(pattern) ?? [];
  try {
    const found = new RegExp(expression ?? `(?:^|\\.)(?:${globSource(pattern)})(?:\\.|$)`);
    return (name) => found.test(name);
  } catch (cause) {
    throw new LoraError(
      field,
      `expected a name with *, ?, [0-5] or {0,11} in it, or a regular expression between slashes, got ${JSON.stringify(pattern)}`,
      'correct it',
      { cause },
    );
  }
}

const GLOB: Readonly<Record<string, string>> = { '*': '.*', '?': '.', '{': '(?:', '}': ')' };

function globSource(glob: string): string {
  let braces = 0;
  let source = '';
  for (const part of glob.match(/\[[^\]]*\]|./gs) ?? []) {
    if (part === '{') braces++;
    if (part === '}') braces--;
    if (part.length > 1) source += part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    else if (part === ',' && braces > 0) source += '|';
    else source += GLOB[part] ?? part.replace(/[\\^$.|+()[\]]/, '\\$&');
  }
  return source;
}
