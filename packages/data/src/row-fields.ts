import { DataError, type Position, type RowFault } from './data-error.js';
import { nearestKey } from './nearest-key.js';

/** A row as it was parsed: an object whose values are not checked yet. */
export type Row = Readonly<Record<string, unknown>>;

/** Names the kind of a JSON value, with its text where that is short. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value !== null && typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

export function wrongType(at: Position, where: string, expected: string, value: unknown): DataError {
  return new DataError('wrong-type', {
    at,
    expected: `${where} to be ${expected}`,
    got: describeValue(value),
  });
}

export function isRow(value: unknown): value is Row {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** An error for a key that a row must have. */
export function missing(at: Position, row: Row, expected: string, remedy?: string): DataError {
  const keys = Object.keys(row).map((key) => `"${key}"`);
  const got = keys.length === 0 ? 'an object without keys' : `only ${keys.join(', ')}`;
  return new DataError('missing-key', { at, expected, got, ...(remedy ? { remedy } : {}) });
}

/** Throws for a key that stands where a known, absent one was probably meant. */
export function rejectMisnamed(at: Position, row: Row, known: readonly string[], where = ''): void {
  const absent = known.filter((key) => !Object.hasOwn(row, key));
  for (const key of Object.keys(row)) {
    if (known.includes(key)) continue;
    const meant = nearestKey(key, absent);
    if (meant === undefined) continue;
    const remedy = 'rename it, or drop it';
    throw new DataError('misnamed-key', { at, expected: `"${meant}"${where}`, got: `"${key}"`, remedy });
  }
}

/** Reads a text, which may be blank. */
export function readString(at: Position, where: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(at, where, 'a string', value);
  // A lone surrogate (an escape such as \ud800 without its pair) is no character and breaks tokenizers.
  if (/\p{Surrogate}/u.test(value)) {
    throw wrongType(at, where, 'well-formed text', 'half of a surrogate pair');
  }
  return value;
}

/** Reads a text that is not blank; `emptyFault` says what a blank one is. */
export function readText(at: Position, where: string, value: unknown, emptyFault: RowFault): string {
  const text = readString(at, where, value);
  if (text.trim() !== '') return text;
  throw new DataError(emptyFault, { at, expected: `${where} to hold text`, got: describeValue(value) });
}

/** Reads a finite number, also one written as a string ("0.83", as language-model scores often are). */
export function readNumber(at: Position, where: string, value: unknown): number {
  const written = typeof value === 'string' ? value.trim() : value;
  const isNumeral = typeof written === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(written);
  const number = typeof written === 'number' ? written : isNumeral ? Number(written) : undefined;
  if (number !== undefined && Number.isFinite(number)) return number;
  const notFinite =
    number !== undefined || (typeof written === 'string' && /^[+-]?(nan|inf(inity)?)$/i.test(written));
  if (!notFinite) throw wrongType(at, where, 'a number', value);
  const got = typeof value === 'number' ? String(value) : describeValue(value);
  throw new DataError('nan', { at, expected: `${where} to be a finite number`, got });
}

/** Reads "pos": a list of texts, none blank, at least one. */
export function readPositives(at: Position, value: unknown): string[] {
  const pos = readTexts(at, '"pos"', value);
  if (pos.length > 0) return pos;
  const remedy = 'give a positive passage, or drop the row';
  const expected = '"pos" to hold a passage';
  throw new DataError('empty-pos', { at, expected, got: 'an empty list', remedy });
}

/** Reads a list of texts, none blank. */
export function readTexts(at: Position, where: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw wrongType(at, where, 'a list of strings', value);
  return value.map((text, i) => readText(at, `${where}[${i}]`, text, 'empty-passage'));
}

/** Reads one number per text of the list that `perKey` names. */
export function readNumbers(
  at: Position,
  key: string,
  value: unknown,
  count: number,
  perKey: string,
): number[] {
  if (!Array.isArray(value)) throw wrongType(at, `"${key}"`, 'a list of numbers', value);
  if (value.length !== count) {
    const expected = `"${key}" to hold ${count} numbers (one per "${perKey}")`;
    throw new DataError('length-mismatch', { at, expected, got: `${value.length}` });
  }
  return value.map((number, i) => readNumber(at, `"${key}"[${i}]`, number));
}
