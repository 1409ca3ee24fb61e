import { type BenchmarkKind, type BenchmarkLine, mainMetric } from '../benchmark/benchmark-result.js';
import { formatInterval, signed } from '../compare/format-comparison.js';
import { type Html, html, quoted } from './html.js';
import { intervalChart } from './interval-chart.js';
import { figure, page, section, table } from './page.js';

/** What benchmarks were run, for their page. */
export interface BenchmarkFacts {
  readonly models: readonly string[];
  readonly folder: string;
  readonly notes: readonly string[];
  /** Of this package. */
  readonly version: string;
}

const titles: Readonly<Record<BenchmarkKind, string>> = {
  retrieval: 'Search of collections, as BEIR reports it',
  reranking: 'Order of lists, as MTEB reports it',
};

/** A self-contained page of benchmarks and their averages. */
export function benchmarkPage(
  lines: readonly BenchmarkLine[],
  { models, folder, notes, version }: BenchmarkFacts,
): string {
  const kinds = (['retrieval', 'reranking'] as const).filter((kind) =>
    lines.some((line) => line.kind === kind),
  );
  return page(
    `${models.join(', ')} on benchmarks`,
    quoted(folder),
    kinds.map((kind) =>
      kindSection(
        kind,
        lines.filter((line) => line.kind === kind),
        models,
      ),
    ),
    notes.length > 0 && section('Notes', html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`),
    html`<p class="note">rag ${version}</p>`,
  );
}

function kindSection(kind: BenchmarkKind, lines: readonly BenchmarkLine[], models: readonly string[]): Html {
  const main = mainMetric[kind];
  const metrics = Object.keys(lines[0]?.metrics[0] ?? {});
  const rows = lines.flatMap(({ name, isAverage, queries, metrics: found, differences }) =>
    found.map((values, i) => {
      const difference = differences[i - 1];
      return [
        i > 0 ? '' : isAverage ? html`<strong>${name}</strong>` : quoted(name),
        quoted(models[i]!),
        i > 0 ? '' : queries.toLocaleString('en'),
        ...metrics.map((metric) => {
          const value = values[metric]!;
          return html`${value.mean.toFixed(4)} <span class="note">${formatInterval(value)}</span>`;
        }),
        ...(models.length > 1
          ? [difference ? `${signed(difference.mean)} ${formatInterval(difference)}` : '']
          : []),
      ];
    }),
  );
  return section(
    titles[kind],
    table(
      'Means with 95 % intervals; in an average every benchmark counts once',
      [
        { title: 'benchmark' },
        { title: 'model' },
        ...['queries', ...metrics, ...(models.length > 1 ? [`${main}, difference`] : [])].map((title) => ({
          title,
          isNumber: true,
        })),
      ],
      rows,
    ),
    models.length <= 2 &&
      figure(
        main,
        intervalChart(
          `${main} with 95 % intervals`,
          lines.map(({ name, metrics: found }) => ({
            label: name,
            intervals: found.map((values, i) => ({ name: models[i]!, ...values[main]! })),
          })),
        ),
        models.map(
          (model, i) => html`<span class="key key-${i === 0 ? 'a' : 'b'}"></span>${quoted(model)} &nbsp; `,
        ),
      ),
  );
}
