import { type PairScorer, scoresOf } from '../score/pair-scorer.js';
import { candidateOrder, droppedBy, type NegativeRules, type ScoreRule } from './choose-negatives.js';
import type { MiningRow } from './mining-row.js';
import type { PassagePool } from './passage-pool.js';
import type { RowHits } from './search-rows.js';

/** A model, such as a cross-encoder, that reads candidates again and drops those that may be right. */
export interface Guard {
  readonly scorer: PairScorer;
  /** A candidate above the guard's lowest score of a positive less this is dropped; 0 where `maxScore` is absent too. */
  readonly margin?: number;
  /** A candidate above this score of the guard is dropped. */
  readonly maxScore?: number;
  /** Whether its scores lie in 0 to 1 already: the report's histogram takes others through the logistic function. */
  readonly normalized?: boolean;
}

/** Rules that drop candidates; those of scores come first, so the guard reads none that they drop. */
export type Rule = ScoreRule | 'guard_max_score' | 'guard_margin';

/** A passage that became a negative. */
export interface Negative {
  readonly text: string;
  readonly score: number;
  /** The guard's. */
  readonly guardScore?: number;
}

/** What became of a row. */
export interface ChosenRow {
  /** Best first. */
  readonly negatives: readonly Negative[];
  readonly dropped: Readonly<Partial<Record<Rule, number>>>;
  /** Of the positives and of every candidate that it read; none where it read nothing of the row. */
  readonly guardPositives: readonly number[];
  readonly guardCandidates: readonly number[];
}

interface Open {
  readonly row: MiningRow;
  readonly hits: RowHits;
  /** Places among the hits, in the order in which they are asked. */
  readonly queue: number[];
  readonly chosen: (Negative & { readonly place: number })[];
  readonly dropped: Partial<Record<Rule, number>>;
  readonly guardCandidates: number[];
  guardPositives: number[];
}

/**
 * Chooses the negatives of rows that stand together. The guard reads as many candidates as are missing, and more for rows of
 * which it dropped some, until they have enough or none are left.
 * @param first the place of the first row among all
 * @param guardsAll whether the guard scores the positives of rows without candidates too
 */
export async function chooseRows(
  rows: readonly { readonly row: MiningRow; readonly hits: RowHits }[],
  first: number,
  {
    rules,
    pool,
    guard,
    guardsAll = false,
    signal,
  }: {
    readonly rules: NegativeRules;
    readonly pool: Pick<PassagePool, 'read'>;
    readonly guard?: Guard;
    readonly guardsAll?: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<ChosenRow[]> {
  const open = rows.map(({ row, hits }, i) => opened(row, hits, first + i, rules));
  if (guard === undefined)
    for (const { queue, chosen, hits } of open)
      for (const place of queue.splice(0, rules.negatives))
        chosen.push({ place, score: hits.scores[place]!, text: await pool.read(hits.passages[place]!) });
  else {
    const control = signal ? { signal } : {};
    await guardPositives(
      open.filter(({ queue }) => guardsAll || queue.length > 0),
      guard,
      control,
    );
    for (let left = open; left.length > 0; ) {
      left = left.filter(({ queue, chosen }) => queue.length > 0 && chosen.length < rules.negatives);
      await guardNext(left, guard, rules.negatives, pool, control);
    }
  }
  return open.map(({ chosen, dropped, guardPositives: positives, guardCandidates }) => ({
    dropped,
    guardPositives: positives,
    guardCandidates,
    negatives: chosen.sort((a, b) => a.place - b.place).map(({ place: _, ...negative }) => negative),
  }));
}

function opened(row: MiningRow, hits: RowHits, place: number, rules: NegativeRules): Open {
  const dropped: Partial<Record<Rule, number>> = {};
  const lowest = Math.min(...hits.positives);
  const left: number[] = [];
  for (const [i, score] of hits.scores.entries()) {
    const rule = droppedBy(score, lowest, rules);
    if (rule === undefined) left.push(i);
    else dropped[rule] = (dropped[rule] ?? 0) + 1;
  }
  const queue = candidateOrder(left.length, place, rules).map((i) => left[i]!);
  return { row, hits, queue, chosen: [], dropped, guardCandidates: [], guardPositives: [] };
}

interface Control {
  readonly signal?: AbortSignal;
}

async function guardPositives(open: readonly Open[], { scorer }: Guard, control: Control): Promise<void> {
  const pairs = open.flatMap(({ row: { query, prompted, pos } }) =>
    pos.map((passage) => ({ query, prompted, passage })),
  );
  const scores = await scoresOf(scorer, pairs, control);
  let at = 0;
  for (const each of open) {
    each.guardPositives = scores.slice(at, at + each.row.pos.length);
    at += each.row.pos.length;
  }
}

/** The guard reads as many candidates of each row as it lacks. */
async function guardNext(
  open: readonly Open[],
  { scorer, margin, maxScore }: Guard,
  negatives: number,
  pool: Pick<PassagePool, 'read'>,
  control: Control,
): Promise<void> {
  const asked: { readonly of: Open; readonly place: number; readonly text: string }[] = [];
  for (const of of open)
    for (const place of of.queue.splice(0, negatives - of.chosen.length))
      asked.push({ of, place, text: await pool.read(of.hits.passages[place]!) });
  const pairs = asked.map(({ of: { row }, text }) => ({
    query: row.query,
    prompted: row.prompted,
    passage: text,
  }));
  const scores = await scoresOf(scorer, pairs, control);
  const least = margin ?? (maxScore === undefined ? 0 : undefined);
  for (const [i, { of, place, text }] of asked.entries()) {
    const guardScore = scores[i]!;
    of.guardCandidates.push(guardScore);
    const rule: Rule | undefined =
      maxScore !== undefined && guardScore > maxScore
        ? 'guard_max_score'
        : least !== undefined && guardScore > Math.min(...of.guardPositives) - least
          ? 'guard_margin'
          : undefined;
    if (rule === undefined) of.chosen.push({ place, text, score: of.hits.scores[place]!, guardScore });
    else of.dropped[rule] = (of.dropped[rule] ?? 0) + 1;
  }
}
