import { approximateTokens } from './approximate-tokens.js';
import { type EmbeddingRecord, embeddingReader, promptedQuery, unfitRow } from './embedding-record.js';
import type { EmbeddingMaker } from './examples.js';
import type { RowPosition } from './record.js';
import type { RecordReader } from './record-reader.js';
import { isRow } from './row-fields.js';

/** A text whose vector a teacher gives. */
export interface TextExample {
  readonly at: RowPosition;
  /** With its prompt in front. */
  readonly text: string;
  /** From 0, in line order over all files: the row of the teacher's vectors. */
  readonly row: number;
}

export interface TextsOptions {
  /** Read the query of any row and leave its passages aside, as the originals do. @default false */
  readonly compat?: boolean;
}

/** Reads the query of a row, whatever else it holds. */
const queryReader: RecordReader<EmbeddingRecord> = {
  ...embeddingReader,
  parse: (value, at) => {
    const isQuery = isRow(value) && Object.hasOwn(value, 'query');
    const read = isQuery ? { query: value.query, prompt_for_query: value.prompt_for_query } : value;
    return embeddingReader.parse(read, at);
  },
};

/**
 * One example per row of a text alone, `{query}` or `{text}`. Rows are numbered as a teacher's vectors are, so none may
 * be left out: open with `badRows: 'throw'`.
 */
export function texts({ compat = false }: TextsOptions = {}): EmbeddingMaker<TextExample> {
  return {
    reader: compat ? queryReader : embeddingReader,
    everyRow: true,
    lengths: (record) => {
      if (record.shape !== 'text') {
        const remedy = 'write its texts to lines of their own, or read its query alone with compat';
        throw unfitRow(record, 'a text alone, {query} or {text}', `a row with "pos"`, remedy);
      }
      return [approximateTokens(promptedQuery(record))];
    },
    make: (record, row) => ({ at: record.at, text: promptedQuery(record), row }),
  };
}
