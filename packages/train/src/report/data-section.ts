import { bandEnd } from '../doctor/length-histogram.js';
import { barChart } from './bar-chart.js';
import { type Content, type Html, html, quoted } from './html.js';
import { figure, section, table } from './page.js';
import type { RunFile } from './read-run.js';
import { shortNumber } from './ticks.js';

type Lengths = { readonly bands?: readonly number[] | undefined };

/** Files, counts, and distributions of what was learned from; what the doctor found in it. */
export function dataSection({ train, val, doctor }: RunFile): Html {
  const { summary } = train ?? {};
  const counts = (['rows', 'queries', 'passages', 'positives', 'negatives'] as const).flatMap((name) => {
    const count = summary?.[name];
    return count === undefined ? [] : [[name, count.toLocaleString('en')]];
  });
  const files = [
    ...(train?.files ?? []).map((file) => ['training', file] as const),
    ...(val?.files ?? []).map((file) => ['evaluation', file] as const),
  ];
  const tokens = doctor?.tokens;
  const characters = doctor?.train?.characters;
  const lengths = tokens ?? characters;
  const unit = tokens ? 'tokens' : 'characters';
  const figures = [
    lengths && lengthFigure(`Length of queries, ${unit}`, lengths.query),
    lengths && lengthFigure(`Length of passages, ${unit}`, lengths.passage),
    summary?.bins && binsFigure(summary.bins),
    doctor?.train?.scripts && scriptFigure(doctor.train.scripts.passage),
  ];
  return section(
    'Data',
    counts.length > 0 &&
      table(
        'Training rows',
        counts.map(([title]) => ({ title: title!, isNumber: true })),
        [counts.map(([, count]) => count!)],
      ),
    html`<div class="figures">${figures}</div>`,
    files.length > 0 &&
      table(
        'Files',
        [
          { title: 'file' },
          { title: 'of' },
          { title: 'rows', isNumber: true },
          { title: 'bytes', isNumber: true },
          { title: 'SHA-256' },
        ],
        files
          .slice(0, 100)
          .map(([of, { file, rows, bytes, sha256 }]) => [
            quoted(file),
            of,
            rows?.toLocaleString('en') ?? '–',
            bytes?.toLocaleString('en') ?? '–',
            sha256 === undefined ? '–' : html`<span class="note">${sha256.slice(0, 16)}…</span>`,
          ]),
      ),
    files.length > 100 && html`<p class="note">and ${files.length - 100} more files</p>`,
  );
}

/** What was found before the run; undefined where nothing was. */
export function findingsSection({ doctor }: RunFile): Html | undefined {
  const found = doctor?.findings ?? [];
  if (found.length === 0) return undefined;
  return section(
    'Found before the run',
    table(
      'By rag doctor',
      [{ title: 'where' }, { title: 'what' }, { title: 'what to do' }],
      found.map(({ severity, where, problem, advice }) => [
        html`<span class="tag ${severity === 'error' ? 'bad' : 'warn'}">${severity}</span> ${quoted(where)}`,
        quoted(problem),
        quoted(advice),
      ]),
    ),
  );
}

function lengthFigure(title: string, { bands }: Lengths): Content {
  if (bands === undefined || bands.length === 0) return undefined;
  const first = Math.max(
    0,
    bands.findIndex((count) => count > 0),
  );
  const shown = bands.slice(first).map((count, i) => {
    const [from, to] = [first + i === 0 ? 0 : bandEnd(first + i - 1) + 1, bandEnd(first + i)];
    // Narrow bands of short lengths may hold no whole number.
    return { count, from, to };
  });
  const bars = shown.filter(({ from, to }) => from <= to);
  const every = Math.ceil(bars.length / 8);
  return figure(
    title,
    barChart(
      title,
      bars.map(({ count, from, to }, i) => ({
        label: i % every === 0 ? shortNumber(to) : '',
        about: from === to ? String(to) : `${from} to ${to}`,
        count,
      })),
    ),
    'Each bar counts lengths up to its number; bands widen by √2.',
  );
}

function binsFigure(
  bins: readonly { readonly from: number; readonly to: number; readonly count: number }[],
): Content {
  if (bins.every(({ count }) => count === 0)) return undefined;
  return figure(
    'Labels of passages',
    barChart(
      'Labels of passages',
      bins.map(({ from, to, count }) => ({
        label: `${shortNumber(from)} to ${shortNumber(to)}`,
        about: `${shortNumber(from)} to ${shortNumber(to)}`,
        count,
      })),
    ),
  );
}

function scriptFigure(letters: Readonly<Record<string, number>>): Content {
  const sorted = Object.entries(letters)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8);
  if (sorted.length === 0) return undefined;
  return figure(
    'Letters of passages by script',
    barChart(
      'Letters of passages by script',
      sorted.map(([label, count]) => ({ label, about: label, count })),
    ),
  );
}
