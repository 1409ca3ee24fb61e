import { TokenizerError } from './errors.js';

/** A JSON object whose values are not yet checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

const ADVICE = 'the file is damaged or of an unknown version; take it again from its source';

/** Names a JSON value for an error message: type, length and a short excerpt. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  return String(value);
}

function refuse(where: string, expected: string, got: unknown): never {
  throw new TokenizerError(where, expected, describe(got), ADVICE);
}

/** `value` as a JSON object; throws TokenizerError naming `where`. */
export function readObject(value: unknown, where: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'an object', value);
  return value as JsonObject;
}

/** `value` as an array of at most `max` entries; throws TokenizerError naming `where`. */
export function readArray(value: unknown, where: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) refuse(where, 'an array', value);
  if (value.length > max) refuse(where, `at most ${max} entries`, value);
  return value;
}

/** `value` as a string of at most `max` UTF-16 units; throws TokenizerError naming `where`. */
export function readString(value: unknown, where: string, max = 1 << 16): string {
  if (typeof value !== 'string') refuse(where, 'a string', value);
  if (value.length > max) refuse(where, `at most ${max} characters`, value);
  return value;
}

/** `value` as a boolean, `fallback` when the file leaves it out or null; throws TokenizerError naming `where`. */
export function readBoolean(value: unknown, where: string, fallback: boolean): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'boolean') refuse(where, 'true or false', value);
  return value;
}

/** `value` as an integer in 0 … `max`; throws TokenizerError naming `where`. */
export function readInteger(value: unknown, where: string, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
    refuse(where, `an integer from 0 to ${max}`, value);
  return value;
}

/** `value` as a finite number; throws TokenizerError naming `where`. */
export function readNumber(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(where, 'a finite number', value);
  return value;
}
