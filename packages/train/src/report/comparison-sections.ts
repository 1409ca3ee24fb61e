import type { Comparison, SliceComparison, SystemComparison } from '../compare/compare-systems.js';
import { formatInterval, formatP, formatRank, signed } from '../compare/format-comparison.js';
import type { ExampleResult, QueryExample } from '../compare/query-examples.js';
import { barChart } from './bar-chart.js';
import { type Content, type Html, html, quoted } from './html.js';
import { intervalChart } from './interval-chart.js';
import { figure, section, table } from './page.js';

/** All systems' means, then each later system beside the first. */
export function comparisonSections({
  systems,
  comparisons,
  judgedBy,
  resampling,
  queries,
}: Comparison): Html[] {
  const names = Object.keys(systems[0]?.metrics ?? {});
  const means = table(
    `Means over ${queries.toLocaleString('en')} queries, with 95 % intervals`,
    [{ title: 'system' }, ...names.map((title) => ({ title, isNumber: true }))],
    systems.map(({ name, metrics }) => [
      quoted(name),
      ...names.map((metric) => {
        const found = metrics[metric]!;
        return html`${found.mean.toFixed(3)} <span class="note">${formatInterval(found)}</span>`;
      }),
    ]),
  );
  const [first, second] = systems;
  const chart =
    systems.length === 2 && first && second
      ? figure(
          'Means',
          intervalChart(
            'Means with 95 % intervals',
            names.map((label) => ({
              label,
              intervals: [first, second].map(({ name, metrics }) => ({ name, ...metrics[label]! })),
            })),
          ),
          html`<span class="key key-a"></span>${quoted(first.name)} &nbsp; <span class="key key-b"></span>${quoted(second.name)}`,
        )
      : undefined;
  return [
    section('Quality', means, chart),
    ...comparisons.flatMap((pair) => pairSections(pair, judgedBy, resampling)),
  ];
}

function pairSections(
  pair: SystemComparison,
  judgedBy: string,
  { resamples, seed }: Comparison['resampling'],
): Html[] {
  const { before, after, difference, outcomes, distribution, slices, improved, worsened } = pair;
  const rows = Object.entries(difference).map(([name, found]) => {
    const { wins, ties, losses } = outcomes[name]!;
    return [
      name,
      change(found.difference, found),
      formatInterval(found),
      formatP(found.pValue),
      `${(100 * found.superiority).toFixed(1)} %`,
      ...[wins, ties, losses],
    ];
  });
  return [
    section(
      `${after} beside ${before}`,
      table(
        `Differences by paired bootstrap over queries (${resamples.toLocaleString('en')} resamples, seed ${seed})`,
        [
          { title: 'metric' },
          ...['difference', '95 % interval', 'p', 'P(better)', 'wins', 'ties', 'losses'].map((title) => ({
            title,
            isNumber: true,
          })),
        ],
        rows,
      ),
      html`<div class="figures">${figure(
        'Differences',
        intervalChart(
          'Differences with 95 % intervals',
          Object.entries(difference).map(([label, found]) => ({
            label,
            intervals: [{ name: 'difference', ...found, mean: found.difference }],
          })),
          0,
        ),
        'An interval that leaves 0 is a difference that other queries of the same kind would show too.',
      )}${figure(`Queries by their change in ${judgedBy}`, distributionChart(distribution, judgedBy))}</div>`,
    ),
    ...(slices.length > 0 ? [section(`Slices by ${judgedBy}`, sliceTable(slices))] : []),
    section('Improved most', examples(improved, judgedBy)),
    section('Worsened most', examples(worsened, judgedBy)),
  ];
}

/** Better in green and worse in red only where the interval leaves 0. */
function change(value: number, interval: { readonly low: number; readonly high: number } | undefined): Html {
  const kind = interval && interval.low > 0 ? 'good' : interval && interval.high < 0 ? 'bad' : 'value';
  return html`<span class="${kind}">${signed(value)}</span>`;
}

function distributionChart(counts: readonly number[], judgedBy: string): Html {
  const width = 2 / counts.length;
  return barChart(
    `Queries by their change in ${judgedBy}`,
    counts.map((count, i) => {
      const from = -1 + i * width;
      const to = from + width;
      return {
        label: i % 5 === 0 ? from.toFixed(1) : i === counts.length - 1 ? '1.0' : '',
        about: `${from.toFixed(1)} to ${to.toFixed(1)}`,
        count,
        colour: from < -1e-9 ? ('bad' as const) : from < 1e-9 ? ('faint' as const) : ('good' as const),
      };
    }),
  );
}

function sliceTable(slices: readonly SliceComparison[]): Content {
  const axes = [...new Set(slices.map(({ axis }) => axis))];
  const anyFew = slices.some(({ isSmall }) => isSmall);
  return [
    ...axes.map((axis) =>
      table(
        axis,
        [
          { title: 'slice' },
          ...['queries', 'before', 'after', 'difference', '95 % interval'].map((title) => ({
            title,
            isNumber: true,
          })),
        ],
        slices
          .filter((slice) => slice.axis === axis)
          .map(({ name, queries, isSmall, before, after, difference, interval }) => [
            html`${quoted(name)}${isSmall && html` <span class="tag warn">few queries</span>`}`,
            queries,
            before.toFixed(3),
            after.toFixed(3),
            change(difference, isSmall ? undefined : interval),
            interval ? formatInterval(interval) : '–',
          ]),
      ),
    ),
    anyFew &&
      html`<p class="note">Few queries: less than 30; their intervals are rough. Where nothing differs, one interval of twenty leaves 0 by chance.</p>`,
  ];
}

function examples(list: readonly QueryExample[], judgedBy: string): Content {
  if (list.length === 0) return html`<p class="note">None.</p>`;
  return list.map(
    ({ id, query, relevant, before, after }) => html`<article>
<h4>${quoted(query ?? id)}</h4>
<p class="note">rank of the relevant passage ${formatRank(before.rank)} → ${formatRank(after.rank)}, ${judgedBy} ${before.value.toFixed(3)} → ${after.value.toFixed(3)}</p>
<dl>${relevant !== undefined && html`<dt>relevant</dt><dd>${quoted(relevant)}</dd>`}<dt>first before</dt><dd>${firstOf(before)}</dd><dt>first after</dt><dd>${firstOf(after)}</dd></dl>
</article>
`,
  );
}

const firstOf = ({ top, topIsRelevant }: ExampleResult): Html =>
  top === undefined
    ? html`<span class="note">nothing was found</span>`
    : html`${topIsRelevant && html`<span class="tag good">relevant</span> `}${quoted(top)}`;
