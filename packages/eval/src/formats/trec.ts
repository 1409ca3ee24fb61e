import { LineError } from './line-error.js';

/**
 * The fields of a line of a TREC file, separated by ASCII blanks as C's isspace knows them (ids may hold other spaces,
 * such as U+3000); null for a line that is blank or a comment (`#` first, as trec_eval 10 reads it).
 */
export function trecFields(text: string): string[] | null {
  if (text.startsWith('#')) return null;
  const fields = text.split(/[ \t\v\f\r]+/).filter((field) => field !== '');
  return fields.length === 0 ? null : fields;
}

/** An integer as files write it. */
export function readInteger(file: string, line: number, what: string, field: string): number {
  const value = Number(field);
  if (!/^[+-]?\d+$/.test(field) || !Number.isSafeInteger(value)) {
    throw new LineError(file, line, `${what} expected an integer, got ${JSON.stringify(field)}`);
  }
  return value;
}

/** Adds a document to its query's map. @throws LineError when the pair is there already */
export function addOnce(
  queries: Map<string, Map<string, number>>,
  [query, document, value]: readonly [query: string, document: string, value: number],
  { file, line }: { file: string; line: number },
): void {
  let documents = queries.get(query);
  if (documents === undefined) {
    documents = new Map();
    queries.set(query, documents);
  }
  if (documents.has(document)) {
    throw new LineError(
      file,
      line,
      `expected each document once per query, got query "${query}" and document "${document}" again — keep one of the lines`,
    );
  }
  documents.set(document, value);
}

/** Checks that an id can stand in a file whose fields are separated by blanks. */
export function checkId(where: string, kind: string, id: string): string {
  if (id === '' || /[ \t\v\f\r\n\0]/.test(id) || (kind === 'query id' && id.startsWith('#'))) {
    throw new Error(
      `${where}: ${kind} expected no blanks, no line feed and no leading #, got ${JSON.stringify(id)} — TREC files cannot hold it`,
    );
  }
  return id;
}
