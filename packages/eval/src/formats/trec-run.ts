import { type Run, trecOrder } from '../run.js';
import { LineError } from './line-error.js';
import { type Lines, numberedLines } from './lines.js';
import { addOnce, checkId, readInteger, trecFields } from './trec.js';

/** A run file as read. */
export interface ParsedRun {
  /** Scores; ranks of the file are not used, as in trec_eval. */
  run: Run;
  /** Names of the system, each once; a file should have one. */
  tags: string[];
  /**
   * Queries in which a document of a better rank has a lower score, with the first such pair of lines by rank: perhaps
   * the scores are distances. The evaluation goes by the scores.
   */
  rankDisagreements: { query: string; betterRankLine: number; higherScoreLine: number }[];
}

/**
 * Reads a TREC run, lines of `query-id Q0 document-id rank score tag`. Blank lines and lines that start with `#` are
 * passed over. Source: get_trec_results.c of trec_eval 10, which orders by score and ignores rank.
 *
 * @param file names the lines in errors
 * @throws LineError on other than six fields, ranks that are not integers, scores that are not finite numbers, and
 *   documents that a query returns twice
 */
export async function parseRun(lines: Lines, file = 'run'): Promise<ParsedRun> {
  const run = new Map<string, Map<string, number>>();
  const places = new Map<string, Place[]>();
  const tags = new Set<string>();
  for await (const { line, text } of numberedLines(lines, file)) {
    const fields = trecFields(text);
    if (fields === null) continue;
    if (fields.length !== 6) {
      throw new LineError(
        file,
        line,
        `expected 6 fields "query-id Q0 document-id rank score tag", got ${fields.length} — ids cannot hold blanks`,
      );
    }
    const [query, , document, rankField, scoreField, tag] = fields as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const rank = readInteger(file, line, 'rank', rankField);
    const score = readScore(file, line, scoreField);
    addOnce(run, [query, document, score], { file, line });
    tags.add(tag);
    const list = places.get(query);
    if (list === undefined) places.set(query, [{ rank, score, line }]);
    else list.push({ rank, score, line });
  }
  const rankDisagreements = [...places].flatMap(([query, list]) => {
    const found = disagreement(list);
    return found === null ? [] : [{ query, ...found }];
  });
  return { run, tags: [...tags], rankDisagreements };
}

/**
 * Writes a TREC run in trec_eval's order (descending score, equal scores by descending id), ranks from 1: one text per
 * query, ending in a line feed. Scores are written so that they read back as the same number.
 *
 * @throws on ids or a tag with blanks and on scores that are not finite
 */
export function* formatRun(run: Run, { tag }: { tag: string }): Generator<string> {
  checkId('formatRun', 'tag', tag);
  for (const [query, documents] of run) {
    checkId('formatRun', 'query id', query);
    let text = '';
    for (const [i, [document, score]] of trecOrder(documents).entries()) {
      if (!Number.isFinite(score)) {
        throw new Error(
          `formatRun: query "${query}", document "${document}" expected a finite score, got ${score} — check the model`,
        );
      }
      text += `${query} Q0 ${checkId('formatRun', 'document id', document)} ${i + 1} ${score} ${tag}\n`;
    }
    yield text;
  }
}

interface Place {
  rank: number;
  score: number;
  line: number;
}

/** The first two lines, by rank, of which the better rank has the lower score; equal ranks say nothing. */
function disagreement(places: Place[]): { betterRankLine: number; higherScoreLine: number } | null {
  const byRank = places.sort((a, b) => a.rank - b.rank);
  // Lowest score among the ranks that are strictly better than the current one.
  let lowest: Place | null = null;
  for (let start = 0; start < byRank.length; ) {
    let end = start;
    let lowestHere = byRank[start]!;
    for (; end < byRank.length && byRank[end]!.rank === byRank[start]!.rank; end++) {
      const place = byRank[end]!;
      if (lowest !== null && place.score > lowest.score) {
        return { betterRankLine: lowest.line, higherScoreLine: place.line };
      }
      if (place.score < lowestHere.score) lowestHere = place;
    }
    if (lowest === null || lowestHere.score < lowest.score) lowest = lowestHere;
    start = end;
  }
  return null;
}

function readScore(file: string, line: number, field: string): number {
  const value = Number(field);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(field) || !Number.isFinite(value)) {
    throw new LineError(
      file,
      line,
      `score expected a finite number, got ${JSON.stringify(field)} — check the system that wrote it`,
    );
  }
  return value;
}
