import type { Interval } from '@rag/eval';
import { formatReports } from '../recipes/report-table.js';
import type { Comparison, SliceComparison, SystemComparison } from './compare-systems.js';
import { cutText, type QueryExample } from './query-examples.js';

/** Examples of each kind in the terminal. */
const SHOWN = 3;

/** A comparison as lines of text: means, differences with intervals, wins and losses, slices, what changed most. */
export function formatComparison(comparison: Comparison): string {
  const { systems, comparisons, resampling, judgedBy } = comparison;
  return [
    formatReports(systems.map(({ name, metrics }) => [oneLine(name), metrics])),
    '',
    `differences by paired bootstrap over queries: ${resampling.resamples.toLocaleString('en')} resamples, seed ${resampling.seed}, 95 % intervals`,
    ...comparisons.flatMap((pair) => ['', ...pairLines(pair, judgedBy)]),
  ].join('\n');
}

function pairLines(
  { before, after, difference, outcomes, slices, improved, worsened }: SystemComparison,
  judgedBy: string,
): string[] {
  const rows = Object.entries(difference).map(([name, found]) => {
    const { wins, ties, losses } = outcomes[name]!;
    return [
      name,
      `${signed(found.difference)} ${formatInterval(found)}`,
      formatP(found.pValue),
      `${(100 * found.superiority).toFixed(1)} %`,
      String(wins),
      String(ties),
      String(losses),
    ];
  });
  return [
    ...table([
      [`${oneLine(after)} − ${oneLine(before)}`, 'difference', 'p', 'P(better)', 'wins', 'ties', 'losses'],
      ...rows,
    ]),
    ...sliceLines(slices, judgedBy),
    ...exampleLines('improved most', improved, judgedBy),
    ...exampleLines('worsened most', worsened, judgedBy),
  ];
}

function sliceLines(slices: readonly SliceComparison[], judgedBy: string): string[] {
  if (slices.length === 0) return [];
  const axes = [...new Set(slices.map(({ axis }) => axis))];
  const of = (axis: string) => slices.filter((slice) => slice.axis === axis);
  const whole = axes.filter((axis) => of(axis).length === 1);
  const cut = axes.filter((axis) => of(axis).length > 1);
  const rows = cut.flatMap((axis) => [
    [axis],
    ...of(axis).map(({ name, queries, isSmall, before, after, difference, interval }) => [
      `  ${name}`,
      `${queries}${isSmall ? ' few' : ''}`,
      `${before.toFixed(3)} → ${after.toFixed(3)}`,
      `${signed(difference)} ${interval ? formatInterval(interval) : 'no interval'}`,
    ]),
  ]);
  return [
    '',
    ...(cut.length > 0
      ? table([[`slices by ${judgedBy}`, 'queries', 'before → after', 'difference'], ...rows])
      : []),
    ...whole.map((axis) => `${axis}: ${of(axis)[0]!.name} in all queries`),
    ...(slices.some(({ isSmall }) => isSmall)
      ? ['few: less than 30 queries; where nothing differs, one interval of twenty leaves 0 by chance']
      : []),
  ];
}

function exampleLines(title: string, examples: readonly QueryExample[], judgedBy: string): string[] {
  if (examples.length === 0) return ['', `${title}: none`];
  return [
    '',
    `${title}:`,
    ...examples
      .slice(0, SHOWN)
      .flatMap(({ id, query, relevant, before, after }) => [
        `  ${shown(query ?? id)}`,
        `    rank ${formatRank(before.rank)} → ${formatRank(after.rank)}, ${judgedBy} ${before.value.toFixed(3)} → ${after.value.toFixed(3)}`,
        ...(relevant === undefined ? [] : [`    relevant:     ${shown(relevant)}`]),
        ...(before.topIsRelevant ? [] : [`    first before: ${shown(before.top ?? 'nothing')}`]),
        ...(after.topIsRelevant ? [] : [`    first after:  ${shown(after.top ?? 'nothing')}`]),
      ]),
  ];
}

/** A text of somebody on one line of a terminal: its control characters do nothing. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
const shown = (text: string): string => cutText(oneLine(text), 90);

export const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
export const formatInterval = ({ low, high }: Interval): string => `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
export const formatP = (value: number): string => (value < 0.001 ? '< 0.001' : value.toFixed(3));
export const formatRank = (rank: number | undefined): string =>
  rank === undefined ? '–' : Number.isInteger(rank) ? String(rank) : rank.toFixed(1);

/** Columns side by side; a row of one cell takes no part in their widths. */
function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.filter((row) => row.length > 1).map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
