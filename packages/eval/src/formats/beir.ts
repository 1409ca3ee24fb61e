import type { Qrels } from '../run.js';
import { IdSet } from './id-set.js';
import { LineError } from './line-error.js';
import { type Lines, numberedLines } from './lines.js';
import { addOnce, readInteger } from './trec.js';

/** A line of `corpus.jsonl`. */
export interface BeirDocument {
  id: string;
  /** '' where the file has none. */
  title: string;
  text: string;
}

/** A line of `queries.jsonl`. */
export interface BeirQuery {
  id: string;
  text: string;
}

/** What is encoded of a document: title, a space, text, trimmed, as BEIR's own dense models do. */
export function beirText({ title, text }: BeirDocument): string {
  return `${title} ${text}`.trim();
}

/**
 * Streams `corpus.jsonl`, lines of `{"_id", "title"?, "text"}`; other keys are not read. Memory is the ids.
 * Layout: Thakur et al., "BEIR", NeurIPS 2021 (Datasets and Benchmarks).
 *
 * @throws LineError on lines that are not such objects, blank lines and repeated ids
 */
export async function* readBeirCorpus(lines: Lines, file = 'corpus.jsonl'): AsyncGenerator<BeirDocument> {
  for await (const { line, id, row } of identifiedRows(lines, file)) {
    const title = row.title === undefined ? '' : readString(file, line, 'title', row.title);
    yield { id, title, text: readString(file, line, 'text', row.text) };
  }
}

/**
 * Streams `queries.jsonl`, lines of `{"_id", "text"}`.
 * @throws LineError as `readBeirCorpus` does, and on an empty query
 */
export async function* readBeirQueries(lines: Lines, file = 'queries.jsonl'): AsyncGenerator<BeirQuery> {
  for await (const { line, id, row } of identifiedRows(lines, file)) {
    const text = readString(file, line, 'text', row.text);
    if (text.trim() === '') {
      throw new LineError(file, line, '"text" expected a query, got an empty text — remove the line');
    }
    yield { id, text };
  }
}

/**
 * Reads `qrels/<split>.tsv`: the header `query-id corpus-id score`, then tab-separated judgements.
 * @throws LineError on another header, other than three fields, grades that are not integers, and repeated judgements
 */
export async function readBeirQrels(lines: Lines, file = 'qrels.tsv'): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>();
  for await (const { line, text } of numberedLines(lines, file)) {
    const fields = text.split('\t');
    if (line === 1) {
      if (fields.join('\t') !== 'query-id\tcorpus-id\tscore') {
        throw new LineError(
          file,
          line,
          `expected the header "query-id\\tcorpus-id\\tscore", got ${JSON.stringify(text.slice(0, 80))} — add it, or read TREC files by parseQrels`,
        );
      }
      continue;
    }
    if (fields.length !== 3 || fields.some((field) => field === '' || field.startsWith('"'))) {
      throw new LineError(
        file,
        line,
        `expected 3 unquoted fields between tabs, got ${JSON.stringify(text.slice(0, 80))} — write query-id, corpus-id, score`,
      );
    }
    const [query, document, grade] = fields as [string, string, string];
    addOnce(qrels, [query, document, readInteger(file, line, 'score', grade)], { file, line });
  }
  return qrels;
}

/** A BEIR collection: queries and judgements in memory, documents as a stream. */
export interface BeirCollection {
  /** The judged queries, in the file's order. */
  queries: BeirQuery[];
  /** Ids of queries that this split does not judge; their texts are not kept. */
  unjudgedQueries: string[];
  qrels: Qrels;
  /** Reads the corpus, once. */
  documents(): AsyncGenerator<BeirDocument>;
  /** Judged documents that the corpus lacks, which no system can find. @throws before `documents` came to its end */
  absentDocuments(): string[];
}

/**
 * Reads a BEIR collection of the three files of a split.
 * @param names of the files, for errors
 * @throws LineError on malformed lines; Error when a judged query has no text
 */
export async function readBeir(
  files: { corpus: Lines; queries: Lines; qrels: Lines },
  names: { corpus?: string; queries?: string; qrels?: string } = {},
): Promise<BeirCollection> {
  const qrels = await readBeirQrels(files.qrels, names.qrels);
  const queries: BeirQuery[] = [];
  const unjudgedQueries: string[] = [];
  for await (const query of readBeirQueries(files.queries, names.queries)) {
    if (qrels.has(query.id)) queries.push(query);
    else unjudgedQueries.push(query.id);
  }
  if (queries.length < qrels.size) {
    const known = new Set(queries.map(({ id }) => id));
    const absent = [...qrels.keys()].filter((id) => !known.has(id));
    throw new Error(
      `${names.queries ?? 'queries.jsonl'}: expected the text of ${qrels.size} judged queries, got none for ${absent.length}, the first "${absent[0]}" — take queries and qrels of one collection`,
    );
  }
  const absent = new Set([...qrels.values()].flatMap((documents) => [...documents.keys()]));
  let read = false;
  return {
    queries,
    unjudgedQueries,
    qrels,
    async *documents() {
      for await (const document of readBeirCorpus(files.corpus, names.corpus)) {
        absent.delete(document.id);
        yield document;
      }
      read = true;
    },
    absentDocuments() {
      if (!read) {
        throw new Error(
          'absentDocuments: expected the corpus to be read, got a call before its end — iterate documents() first',
        );
      }
      return [...absent];
    },
  };
}

/** JSON objects with their checked `_id`. */
async function* identifiedRows(
  lines: Lines,
  file: string,
): AsyncGenerator<{ line: number; id: string; row: Partial<Record<string, unknown>> }> {
  const ids = new IdSet();
  for await (const { line, text } of numberedLines(lines, file)) {
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (cause) {
      const got = text.trim() === '' ? 'a blank line' : (cause as Error).message;
      throw new LineError(file, line, `expected a JSON object, got ${got}`, { cause });
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new LineError(file, line, `expected a JSON object, got ${describe(row)}`);
    }
    const id = readString(file, line, '_id', (row as { _id?: unknown })._id);
    if (id === '') throw new LineError(file, line, '"_id" expected a name, got an empty string');
    if (!ids.add(id)) {
      throw new LineError(file, line, `"_id" expected to be new, got "${id}" again — ids name one line each`);
    }
    yield { line, id, row };
  }
}

function readString(file: string, line: number, key: string, value: unknown): string {
  if (typeof value !== 'string') {
    const advice = typeof value === 'number' ? ' — quote it' : '';
    throw new LineError(file, line, `"${key}" expected a string, got ${describe(value)}${advice}`);
  }
  return value;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null
    ? 'an object'
    : String(JSON.stringify(value)).slice(0, 80);
}
