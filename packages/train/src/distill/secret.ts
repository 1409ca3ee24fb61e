import { ConfigError } from '../config/config-error.js';

/** A key that no error, file or log may show. */
export interface Secret {
  /** What the header `Authorization` is given. */
  readonly authorization: string;
  /** The text with every occurrence of the key made `***`, also as JSON and URLs spell it. */
  hide(text: string): string;
}

/**
 * Takes the API key from an environment variable. The value is never said, only the variable's name.
 * @throws ConfigError where it is missing, or holds what no header can carry
 */
export function secretOf(variable: string, value: string | undefined): Secret {
  const refuse = (got: string): never => {
    throw new ConfigError(
      '--api_key_env',
      undefined,
      `expected an API key in the variable ${variable}, got ${got} — set it, or name another`,
    );
  };
  if (value === undefined || value === '') return refuse('none');
  // fetch would say the whole header in its error.
  if (!/^[\x21-\x7e]+$/.test(value)) return refuse('blanks, line ends or characters beyond ASCII in it');
  // The longest spelling first, so that none is left in part.
  const spellings = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)].sort(
    (a, b) => b.length - a.length,
  );
  return {
    authorization: `Bearer ${value}`,
    hide: (text) => spellings.reduce((hidden, spelling) => hidden.replaceAll(spelling, '***'), text),
  };
}
