import { TokenizerError } from './errors.js';
import { ReplaceNormalizer } from './library.js';
import { readObject, readString } from './read-field.js';

/**
 * A tokenizer.json pattern, `{ "Regex": … }` (Oniguruma) or `{ "String": … }`, as a global Unicode RegExp.
 * The Oniguruma dialect is translated by @huggingface/tokenizers. Throws TokenizerError for a pattern that
 * JavaScript cannot run.
 */
export function compilePattern(value: unknown, where: string): RegExp {
  const config = readObject(value, where);
  const key = 'Regex' in config ? 'Regex' : 'String';
  const source = readString(config[key], `${where}.${key}`, 1 << 14);
  const pattern = key === 'Regex' ? { Regex: source } : { String: source };
  let compiled: RegExp | null = null;
  try {
    compiled = new ReplaceNormalizer({ type: 'Replace', pattern, content: '' }).pattern;
  } catch (cause) {
    throw new TokenizerError(
      where,
      'a pattern that JavaScript can run',
      JSON.stringify(source),
      'report the tokenizer: its pattern needs a translation',
      { cause },
    );
  }
  if (compiled === null || source === '')
    throw new TokenizerError(where, 'a pattern', JSON.stringify(source), 'the file is damaged');
  return compiled;
}
