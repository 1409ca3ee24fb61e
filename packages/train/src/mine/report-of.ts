import type { Tally } from '../score/transform-rows.js';
import type { NegativeRules } from './choose-negatives.js';
import type { Guard, Rule } from './choose-rows.js';
import { rules as allRules, histogram, type MineReport } from './mine-report.js';
import type { PassagePool } from './passage-pool.js';

/** The report of what was counted; rules that were asked and dropped nothing are there with 0. */
export function reportOf(
  rows: number,
  tally: Tally,
  {
    pool,
    span,
    rules,
    guard,
  }: {
    readonly pool: Pick<PassagePool, 'candidates' | 'repeated' | 'blank'>;
    readonly span: { readonly from: number; readonly to: number };
    readonly rules: NegativeRules;
    readonly guard?: Guard;
  },
): MineReport {
  const { candidates, repeated, blank } = pool;
  const byNegatives = new Map<number, number>();
  let short = 0;
  for (const [key, count] of Object.entries(tally)) {
    const negatives = /^rows_with\.(\d+)$/.exec(key)?.[1];
    if (negatives === undefined) continue;
    byNegatives.set(Number(negatives), count);
    if (Number(negatives) < rules.negatives) short += count;
  }
  const asked: Readonly<Record<Rule, boolean>> = {
    max_score: rules.maxScore !== undefined,
    min_score: rules.minScore !== undefined,
    absolute_margin: rules.absoluteMargin !== undefined,
    relative_margin: rules.relativeMargin !== undefined,
    guard_max_score: guard?.maxScore !== undefined,
    guard_margin: guard !== undefined && (guard.margin !== undefined || guard.maxScore === undefined),
  };
  const of = (key: string): number => tally[key] ?? 0;
  return {
    rows,
    written: rows - of('left_out'),
    passages: { candidates, repeated, blank },
    candidates: of('candidates'),
    excluded: { own: of('excluded.own'), others: of('excluded.others'), query: of('excluded.query') },
    dropped: Object.fromEntries(
      allRules.filter((rule) => asked[rule]).map((rule) => [rule, of(`dropped.${rule}`)]),
    ),
    guarded: of('guarded'),
    byNegatives,
    short: { rows: short, leftOut: of('left_out') },
    replaced: of('replaced'),
    scores: histogram(tally, ['positives', 'candidates', 'negatives'], span),
    ...(guard && {
      guardScores: histogram(tally, ['guard_positives', 'guard_candidates', 'guard_negatives'], {
        from: 0,
        to: 1,
      }),
    }),
  };
}
