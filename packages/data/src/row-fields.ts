import { DataError, type Position, type RowFault } from './data-error.js';

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

/** Reads a text that is not blank; `emptyFault` says what a blank one is. */
export function readText(at: Position, where: string, value: unknown, emptyFault: RowFault): string {
  if (typeof value !== 'string') throw wrongType(at, where, 'a string', value);
  if (value.trim() === '') {
    throw new DataError(emptyFault, { at, expected: `${where} to hold text`, got: describeValue(value) });
  }
  // A lone surrogate (an escape such as \ud800 without its pair) is no character and breaks tokenizers.
  if (/\p{Surrogate}/u.test(value)) {
    throw wrongType(at, where, 'well-formed text', 'half of a surrogate pair');
  }
  return value;
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
