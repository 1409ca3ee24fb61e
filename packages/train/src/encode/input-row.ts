import { DataError, type Line, parseEmbeddingRecord, parseLine, promptedQuery } from '@rag/data';

/** A text to encode. */
export interface InputRow {
  readonly text: string;
  /** As the row names it by `_id` or `id`; plain text has none. */
  readonly id?: string | number;
}

/** How lines are read. */
export interface InputOptions {
  /** `jsonl`: an object per line; `text`: a text per line. */
  readonly kind: 'jsonl' | 'text';
  /** The key of the text in JSON lines; without it the row's own shape says where it is. */
  readonly field?: string;
}

/**
 * Reads one line. JSON lines without `field`: a string is a text; a row with `_id` is of a BEIR collection, its title stands
 * before its text; `{text}` and `{query}` are read as distillation reads them, with `prompt_for_query` in front.
 * @throws DataError with the line
 */
export function rowParser({ kind, field }: InputOptions): (line: Line) => InputRow {
  if (kind === 'text') return parseText;
  return (line) => {
    const value = parseLine(line);
    if (typeof value === 'string' && field === undefined) return { text: checkText(line, 'the text', value) };
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw fault(
        line,
        'wrong-type',
        field === undefined ? 'a JSON object or a string' : 'a JSON object',
        kindOf(value),
      );
    const row = value as Row;
    const text = field === undefined ? textOf(line, row) : textAt(line, row, field);
    const id = idOf(line, row);
    return { text, ...(id !== undefined && { id }) };
  };
}

type Row = Readonly<Record<string, unknown>>;

const fault = (
  { at }: Pick<Line, 'at'>,
  kind: ConstructorParameters<typeof DataError>[0],
  expected: string,
  got: string,
  remedy?: string,
): DataError => new DataError(kind, { at, expected, got, ...(remedy !== undefined && { remedy }) });

function parseText(line: Line): InputRow {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line.bytes);
  } catch {
    throw fault(line, 'invalid-utf8', 'UTF-8', 'other bytes', 'save the file as UTF-8');
  }
  if (text.trim() === '') throw fault(line, 'empty-passage', 'a text', 'blanks alone', 'remove the line');
  return { text };
}

function textOf(line: Line, row: Row): string {
  if (Object.hasOwn(row, '_id')) return beirText(line, row);
  const texts = Object.entries(row).filter(([, value]) => typeof value === 'string');
  if (!Object.hasOwn(row, 'text') && !Object.hasOwn(row, 'query')) {
    const advice = texts.length > 0 ? `pass --field ${texts[0]![0]}, or another key` : 'pass --field';
    throw fault(line, 'missing-key', '"text" or "query"', namesOf(row), advice);
  }
  const record = parseEmbeddingRecord(row, line.at);
  if (record.shape === 'text') return promptedQuery(record);
  throw fault(
    line,
    'unfit-shape',
    'a text alone, {text} or {query}',
    'a row with "pos"',
    'pass --field query to encode its query',
  );
}

/** Title, a space, text, trimmed, as BEIR's own dense models do; collections have documents without any text. */
function beirText(line: Line, row: Row): string {
  const title = Object.hasOwn(row, 'title') ? stringAt(line, row, 'title') : '';
  return `${title} ${stringAt(line, row, 'text')}`.trim();
}

function textAt(line: Line, row: Row, field: string): string {
  return checkText(line, `"${field}"`, stringAt(line, row, field));
}

function checkText(line: Line, name: string, text: string): string {
  if (text.trim() === '')
    throw fault(line, 'empty-passage', `${name} to hold text`, JSON.stringify(text.slice(0, 20)));
  return wellFormed(line, name, text);
}

function stringAt(line: Line, row: Row, key: string): string {
  if (!Object.hasOwn(row, key)) throw fault(line, 'missing-key', `"${key}"`, namesOf(row));
  const value = row[key];
  if (typeof value !== 'string')
    throw fault(line, 'wrong-type', `"${key}" to be a string`, JSON.stringify(value).slice(0, 40));
  return wellFormed(line, `"${key}"`, value);
}

/** Half of a surrogate pair is no character and breaks tokenizers. */
function wellFormed(line: Line, name: string, text: string): string {
  if (/\p{Surrogate}/u.test(text))
    throw fault(line, 'wrong-type', `${name} to be well-formed text`, 'half of a surrogate pair');
  return text;
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;

function idOf(line: Line, row: Row): string | number | undefined {
  const key = ['_id', 'id'].find((name) => row[name] !== undefined && row[name] !== null);
  if (key === undefined) return undefined;
  const id = row[key];
  if (typeof id === 'string' || typeof id === 'number') return id;
  throw fault(
    line,
    'wrong-type',
    `"${key}" to be a string or a number`,
    JSON.stringify(id).slice(0, 40),
    'rename it',
  );
}

const namesOf = (row: Row): string => {
  const keys = Object.keys(row);
  return keys.length === 0 ? 'an object without keys' : `only ${keys.map((key) => `"${key}"`).join(', ')}`;
};
