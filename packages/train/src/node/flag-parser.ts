import { ConfigError } from '../config/config-error.js';
import type { Kind } from '../config/kind.js';

/** Checks a flag's text as its kind says; throws ConfigError. */
export function flagParser<Value>(flag: string, kind: Kind<Value, unknown>): (text: string) => Value {
  return (text) => {
    const result = kind.schema.safeParse(kind.fromText(text));
    if (result.success) return result.data;
    throw new ConfigError(flag, undefined, `expected ${kind.expected}, got ${JSON.stringify(text)}`);
  };
}
