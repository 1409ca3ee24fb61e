import { type ByteSource, DataError } from '@rag/data';
import type { UnfinishedFile } from '../encode/unfinished-file.js';
import { pairKeys, type ScoreCache } from './score-cache.js';
import { readScoreRows, type ScoreRow } from './score-row.js';
import type { Teacher, TeacherPair } from './teacher.js';

/** What to write. */
export interface WriteScoresJob {
  readonly sources: readonly ByteSource[];
  readonly teacher: Pick<Teacher, 'identity' | 'readsAnswers'>;
  readonly cache: Pick<ScoreCache, 'get'>;
  /** `{query, content, score}`, a row per pair. */
  readonly pairs?: UnfinishedFile;
  /** The rows as they were with `pos_scores` and `neg_scores`, or a `score` in each of `hits`. */
  readonly lists?: UnfinishedFile;
  /** Divides every score. @default 1 */
  readonly gamma?: number;
  /** Leave out pairs without a score, and lists with one; without it they are an error. */
  readonly leaveOut?: boolean;
}

/** Characters that are gathered before they are written. */
const buffered = 2 ** 20;

/**
 * Writes the scores that the cache has, in the order of the input: each file complete or not at all.
 * @returns how many pairs were left out
 * @throws DataError for a pair without a score, and for rows that have no form of lists
 */
export async function writeScores(job: WriteScoresJob): Promise<number> {
  const { pairs, lists } = job;
  let leftOut = 0;
  // Every row can be written before any is.
  for await (const row of scoredRows(job)) {
    if (lists) listRow(row);
    leftOut += row.scores.filter((score) => score === undefined).length;
  }
  if (pairs) await writeLines(pairs, pairLines(job));
  if (lists) await writeLines(lists, listLines(job));
  return leftOut;
}

interface ScoredRow extends ScoreRow {
  /** One per pair; undefined where there is none and that is no error. */
  readonly scores: readonly (number | undefined)[];
}

async function* scoredRows({ sources, teacher, cache, gamma = 1, leaveOut = false }: WriteScoresJob) {
  const keyOf = pairKeys(teacher);
  for await (const row of readScoreRows(sources, teacher.readsAnswers)) {
    const scores: (number | undefined)[] = [];
    for (const [i, pair] of row.pairs.entries()) {
      const kept = cache.get(await keyOf(pair));
      if (kept === undefined && !leaveOut)
        throw new DataError('changed-file', {
          at: row.at,
          expected: 'the rows that were scored',
          got: `a passage without a score, number ${i + 1}`,
          remedy: 'run the same command again',
        });
      scores.push(kept && kept.score / gamma);
    }
    yield { ...row, scores } as ScoredRow;
  }
}

async function* pairLines(job: WriteScoresJob): AsyncGenerator<object> {
  for await (const { pairs, scores } of scoredRows(job))
    for (const [i, { query, content }] of (pairs as readonly TeacherPair[]).entries())
      if (scores[i] !== undefined) yield { query, content, score: scores[i] };
}

async function* listLines(job: WriteScoresJob): AsyncGenerator<object> {
  for await (const row of scoredRows(job)) if (!row.scores.includes(undefined)) yield listRow(row);
}

/** The row with its scores. */
function listRow({ at, row, positives, scores }: ScoredRow): object {
  if (positives !== undefined)
    return {
      ...row,
      pos_scores: scores.slice(0, positives),
      // A row without negatives stays one.
      ...(Object.hasOwn(row, 'neg') && { neg_scores: scores.slice(positives) }),
    };
  if (Array.isArray(row.hits)) {
    const { hits, ...others } = row;
    return {
      ...others,
      hits: (hits as Record<string, unknown>[]).map(({ label: _, ...hit }, i) => ({
        ...hit,
        score: scores[i],
      })),
    };
  }
  throw new DataError('unfit-shape', {
    at,
    expected: '"pos" and "neg", or "hits", for a form of lists',
    got: 'a row of one passage',
    remedy: 'write {query, content, score} rows by --output instead',
  });
}

async function writeLines(file: UnfinishedFile, rows: AsyncIterable<object>): Promise<void> {
  const encoder = new TextEncoder();
  try {
    await file.begin();
    let text = '';
    for await (const row of rows) {
      text += `${JSON.stringify(row)}\n`;
      if (text.length < buffered) continue;
      await file.append(encoder.encode(text));
      text = '';
    }
    await file.append(encoder.encode(text));
    await file.finish(new Uint8Array(0));
  } catch (error) {
    await file.discard();
    throw error;
  }
}
