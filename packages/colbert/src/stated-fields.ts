import { ConfigError } from '@rag/models';

/** The fields of one JSON file, each checked when it is taken; null counts as absent, as Python's None does. */
export interface StatedFields {
  string(field: string, fallback: string): string;
  /** A whole number ≥ 1. */
  count(field: string, fallback: number): number;
  boolean(field: string, fallback: boolean): boolean;
  strings(field: string, fallback: readonly string[]): readonly string[];
}

/** @throws ConfigError naming the file and a field of another type */
export function statedFields(json: Readonly<Record<string, unknown>>, where: string): StatedFields {
  const take = <T>(field: string, fallback: T, expected: string, accepts: (value: unknown) => boolean): T => {
    const value = Object.hasOwn(json, field) ? json[field] : undefined;
    if (value === undefined || value === null) return fallback;
    if (!accepts(value)) throw new ConfigError(field, expected, value, 'correct the file', where);
    return value as T;
  };
  const isString = (value: unknown) => typeof value === 'string';
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  return {
    string: (field, fallback) => take(field, fallback, 'a string', isString),
    count: (field, fallback) => take(field, fallback, 'a whole number ≥ 1', isCount),
    boolean: (field, fallback) =>
      take(field, fallback, 'true or false', (value) => typeof value === 'boolean'),
    strings: (field, fallback) =>
      take(field, fallback, 'a list of strings', (value) => Array.isArray(value) && value.every(isString)),
  };
}
