import type { Tally } from '../score/transform-rows.js';
import { scoreRules } from './choose-negatives.js';
import type { Rule } from './choose-rows.js';

/** Counts of scores between equally spaced ends; the last bin has both of its ends. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  /** By what was scored, the counts of each bin. */
  readonly counts: Readonly<Record<string, readonly number[]>>;
}

/** What mining found and left out, earlier runs that it went on from included. */
export interface MineReport {
  readonly rows: number;
  /** Rows of the output. */
  readonly written: number;
  /** Distinct passages that could become negatives, texts that were repeated, and blank ones. */
  readonly passages: { readonly candidates: number; readonly repeated: number; readonly blank: number };
  /** Passages of the ranks that were asked for, over all rows. */
  readonly candidates: number;
  /** Passages that were left out of the ranking, where a negative could have stood. */
  readonly excluded: { readonly own: number; readonly others: number; readonly query: number };
  /** Candidates by the rule that dropped them; rules that were not asked are absent. */
  readonly dropped: Readonly<Partial<Record<Rule, number>>>;
  /** Candidates that the guard read; it stops reading a row that has enough. */
  readonly guarded: number;
  /** Rows by their number of negatives. */
  readonly byNegatives: ReadonlyMap<number, number>;
  /** Rows with fewer negatives than were asked for, and how many of them were left out. */
  readonly short: { readonly rows: number; readonly leftOut: number };
  /** Negatives of the input that new ones took the place of. */
  readonly replaced: number;
  /** Of the retriever: `positives`, `candidates`, `negatives`. */
  readonly scores: Histogram;
  /** Of the guard, in 0 to 1: through the logistic function, unless they lie there already. */
  readonly guardScores?: Histogram;
}

export const rules = [...scoreRules, 'guard_max_score', 'guard_margin'] as const satisfies readonly Rule[];

/** Bins of a histogram. */
export const bins = 10;

/** Counts scores into bins under `<key>.<bin>`. */
export function countScores(
  tally: Record<string, number>,
  key: string,
  scores: readonly number[],
  { from, to }: Pick<Histogram, 'from' | 'to'>,
): void {
  for (const score of scores) {
    const share = to > from ? (score - from) / (to - from) : 0;
    add(tally, `${key}.${Math.min(bins - 1, Math.max(0, Math.floor(share * bins)))}`);
  }
}

/** Adds to a count, which begins at 0. */
export function add(tally: Record<string, number>, key: string, more = 1): void {
  tally[key] = (tally[key] ?? 0) + more;
}

/** The histogram that was counted under some keys, each named by its last part. */
export function histogram(
  tally: Tally,
  keys: readonly string[],
  { from, to }: Pick<Histogram, 'from' | 'to'>,
): Histogram {
  const counts = keys.map((key) => [
    key.slice(key.lastIndexOf('_') + 1),
    Array.from({ length: bins }, (_, bin) => tally[`${key}.${bin}`] ?? 0),
  ]);
  return { from, to, counts: Object.fromEntries(counts) };
}

const n = (count: number): string => count.toLocaleString('en');
const many = (count: number, word: string): string => `${n(count)} ${word}${count === 1 ? '' : 's'}`;

/** The report as lines for a terminal. */
export function formatMineReport(report: MineReport): string {
  const { passages, excluded, short } = report;
  const dropped = rules.flatMap((rule) =>
    report.dropped[rule] === undefined ? [] : [`${rule} ${n(report.dropped[rule])}`],
  );
  const blank = passages.blank > 0 ? `, ${n(passages.blank)} blank ones left out` : '';
  const guarded = report.guardScores ? `; the guard read ${n(report.guarded)}` : '';
  const byNegatives = [...report.byNegatives]
    .sort(([a], [b]) => b - a)
    .map(([negatives, rows]) => `${n(negatives)} in ${many(rows, 'row')}`);
  const lines = [
    ['rows', `${n(report.rows)}, ${n(report.written)} written`],
    [
      'passages',
      `${n(passages.candidates)} distinct to find negatives in, ${n(passages.repeated)} repeated${blank}`,
    ],
    [
      'excluded',
      `${many(excluded.own, 'positive')} of the row, ${n(excluded.others)} of other rows with its query, ${n(excluded.query)} that are the query`,
    ],
    ['candidates', `${n(report.candidates)} of the ranks asked for${guarded}`],
    ['dropped by', dropped.join(', ') || 'no rule was asked'],
    ['negatives', byNegatives.join(', ')],
    [
      'too few',
      short.rows === 0
        ? 'in no row'
        : `in ${many(short.rows, 'row')}, ${n(short.leftOut)} of them left out by --least_negatives`,
    ],
    ...(short.leftOut === 0 && (report.byNegatives.get(0) ?? 0) > 0
      ? [
          [
            'note',
            `an empty "neg" in ${many(report.byNegatives.get(0)!, 'row')} stops FlagEmbedding's trainer: --least_negatives 1 leaves them out`,
          ],
        ]
      : []),
    ...(report.replaced > 0
      ? [['replaced', `${many(report.replaced, 'negative')} that rows had before`]]
      : []),
  ];
  const text = lines.map(([name, value]) => `  ${name!.padEnd(11)} ${value}`);
  const tables = [
    ...table('score', report.scores),
    ...(report.guardScores ? table("guard's, 0 to 1", report.guardScores) : []),
  ];
  return [...text, ...tables].join('\n');
}

/** A line per bin that has counts. */
function table(title: string, { from, to, counts }: Histogram): string[] {
  const names = Object.keys(counts);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(to - from, 1e-9))));
  const end = (bin: number) => (from + ((to - from) * bin) / bins).toFixed(Math.min(digits, 8));
  const row = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(19) : cell.padStart(12))).join('')}`.trimEnd();
  const filled = Array.from({ length: bins }, (_, bin) => bin).filter((bin) =>
    names.some((name) => counts[name]![bin]! > 0),
  );
  return [
    row([title, ...names]),
    ...filled.map((bin) =>
      row([`${end(bin)} to ${end(bin + 1)}`, ...names.map((name) => n(counts[name]![bin]!))]),
    ),
  ];
}
