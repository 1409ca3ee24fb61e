import type { ByteSource } from '@rag/data';
import type { EncodeSettings } from '../encode/progress-note.js';
import type { UnfinishedFile } from '../encode/unfinished-file.js';
import { type PairScorer, type ScorePair, scoresOf } from './pair-scorer.js';
import { replaceFields } from './replace-fields.js';
import { type RowToScore, type ScoredForm, scoreRowParser } from './row-to-score.js';
import { type RowsJob, transformRows } from './transform-rows.js';

/** What to score, by what, to where. */
export interface ScoreJob
  extends Pick<RowsJob<unknown>, 'overwrite' | 'signal' | 'say' | 'onProgress' | 'commitMilliseconds'> {
  readonly sources: readonly ByteSource[];
  readonly scorer: PairScorer;
  readonly file: UnfinishedFile;
  /** What the scores depend on, such as the model's fingerprint: a file that was begun with others is refused. */
  readonly settings: EncodeSettings;
  /** `rows` (default): with scores added; `pairs`: `{query, content, score}`, a line per passage. */
  readonly as?: ScoredForm;
  /** Pairs that are scored together. @default 512 */
  readonly windowPairs?: number;
}

/** The scores of one key. */
export interface ScoreSummary {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** What was scored, earlier runs that this one went on from included. */
export interface ScoreReport {
  readonly rows: number;
  readonly pairs: number;
  /** By what was scored: `pos_scores`, `neg_scores`, `scores`, `score`, `hits`. */
  readonly scores: Readonly<Record<string, ScoreSummary>>;
}

const summarized = ['pos_scores', 'neg_scores', 'scores', 'score', 'hits'] as const;

/**
 * Adds a model's scores to rows: `pos_scores` and `neg_scores` beside `pos` and `neg`, `score` beside `content`, `scores` where a row has
 * them; or writes a line `{query, content, score}` per passage, with `prompt_for_query` where the row has one. Other fields keep
 * their text. A run that was killed is gone on with, to the bytes of an uninterrupted one's.
 * @throws DataError with file and line, RangeError for scores that are not finite, and as `transformRows`
 */
export async function scoreRows({
  sources,
  scorer,
  file,
  settings,
  as = 'rows',
  windowPairs = 512,
  ...control
}: ScoreJob): Promise<ScoreReport> {
  const { rows, tally } = await transformRows<RowToScore>({
    ...control,
    sources,
    file,
    settings: { ...settings, as, window_pairs: windowPairs },
    parse: scoreRowParser(as),
    weigh: ({ passages }) => passages.length,
    windowWeight: windowPairs,
    transform: async (window, { tally: counted, signal }) => {
      const scores = await scoresOf(scorer, window.flatMap(pairsOf), signal && { signal });
      let at = 0;
      const lines = window.map((row) => {
        const own = scores.slice(at, at + row.passages.length);
        at += own.length;
        count(counted, row, own);
        return as === 'pairs' ? pairLines(row, own) : `${replaceFields(row.text, scoreFields(row, own))}\n`;
      });
      return new TextEncoder().encode(lines.join(''));
    },
  });
  return { rows, ...summaries(tally) };
}

const pairsOf = ({ query, prompted, passages }: RowToScore): ScorePair[] =>
  passages.map((passage) => ({ query, prompted, passage }));

function pairLines({ query, prompt, passages }: RowToScore, scores: readonly number[]): string {
  const prompted = prompt === undefined ? {} : { prompt_for_query: prompt };
  return passages
    .map((content, i) => `${JSON.stringify({ query, content, score: scores[i], ...prompted })}\n`)
    .join('');
}

function scoreFields({ keys }: RowToScore, scores: readonly number[]): Record<string, unknown> {
  let at = 0;
  return Object.fromEntries(
    keys.map(([key, length]) => {
      const own = scores.slice(at, at + length);
      at += length;
      return [key, key === 'score' ? own[0] : own];
    }),
  );
}

function count(tally: Record<string, number>, { keys }: RowToScore, scores: readonly number[]): void {
  let at = 0;
  for (const [key, length] of keys.length > 0 ? keys : [['hits', scores.length] as const]) {
    for (const score of scores.slice(at, at + length)) {
      tally[`${key}.count`] = (tally[`${key}.count`] ?? 0) + 1;
      tally[`${key}.sum`] = (tally[`${key}.sum`] ?? 0) + score;
      tally[`${key}.min`] = Math.min(tally[`${key}.min`] ?? score, score);
      tally[`${key}.max`] = Math.max(tally[`${key}.max`] ?? score, score);
    }
    at += length;
  }
}

function summaries(tally: Readonly<Record<string, number>>): Pick<ScoreReport, 'pairs' | 'scores'> {
  const scores: Record<string, ScoreSummary> = {};
  let pairs = 0;
  for (const key of summarized) {
    const total = tally[`${key}.count`] ?? 0;
    if (total === 0) continue;
    pairs += total;
    scores[key] = {
      count: total,
      mean: tally[`${key}.sum`]! / total,
      min: tally[`${key}.min`]!,
      max: tally[`${key}.max`]!,
    };
  }
  return { pairs, scores };
}
