import { TokenizerError } from './errors.js';
import { type JsonObject, readObject } from './read-field.js';

/** Levels of a file that is written again; tokenizer.json has some ten, chat templates are text. */
const MOST_LEVELS = 64;

/**
 * The JSON object of a file that is to be written again: `JSON.stringify` overflows the stack on what `JSON.parse` takes.
 * @throws SyntaxError for text that is not JSON; TokenizerError for another value than an object, and for one that is nested deeper than 64
 */
export function parseObject(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${where}: expected JSON, got ${(cause as Error).message} — fetch the file again`, {
      cause,
    });
  }
  const object = readObject(value, where);
  let level: unknown[] = Object.values(object);
  for (let levels = 1; level.length > 0; levels++) {
    if (levels > MOST_LEVELS)
      throw new TokenizerError(where, `at most ${MOST_LEVELS} levels`, 'more', 'the file is damaged');
    level = level.flatMap((inner) =>
      typeof inner === 'object' && inner !== null ? Object.values(inner) : [],
    );
  }
  return object;
}
