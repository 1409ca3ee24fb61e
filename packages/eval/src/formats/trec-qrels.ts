import type { Qrels } from '../run.js';
import { LineError } from './line-error.js';
import { type Lines, numberedLines } from './lines.js';
import { addOnce, checkId, readInteger, trecFields } from './trec.js';

/**
 * Reads TREC qrels, lines of `query-id iteration document-id grade`; the iteration is not used. Blank lines and lines
 * that start with `#` are passed over. Source: get_qrels.c of trec_eval 10, which also refuses duplicates.
 *
 * @param file names the lines in errors
 * @throws LineError on other than four fields, grades that are not integers, and documents judged twice
 */
export async function parseQrels(lines: Lines, file = 'qrels'): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>();
  for await (const { line, text } of numberedLines(lines, file)) {
    const fields = trecFields(text);
    if (fields === null) continue;
    if (fields.length !== 4) {
      throw new LineError(
        file,
        line,
        `expected 4 fields "query-id iteration document-id grade", got ${fields.length} — read BEIR's tables by readBeirQrels`,
      );
    }
    const [query, , document, grade] = fields as [string, string, string, string];
    addOnce(qrels, [query, document, readInteger(file, line, 'grade', grade)], { file, line });
  }
  return qrels;
}

/**
 * Writes TREC qrels, in the order of the maps: one text per query, ending in a line feed.
 * @throws on ids with blanks and grades that are not integers
 */
export function* formatQrels(qrels: Qrels): Generator<string> {
  for (const [query, documents] of qrels) {
    checkId('formatQrels', 'query id', query);
    let text = '';
    for (const [document, grade] of documents) {
      if (!Number.isSafeInteger(grade)) {
        throw new Error(
          `formatQrels: query "${query}", document "${document}" expected an integer grade, got ${grade} — TREC files hold integers`,
        );
      }
      text += `${query} 0 ${checkId('formatQrels', 'document id', document)} ${grade}\n`;
    }
    yield text;
  }
}
