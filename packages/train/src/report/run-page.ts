import type { Comparison } from '../compare/compare-systems.js';
import { formatInterval } from '../compare/format-comparison.js';
import { comparisonSections } from './comparison-sections.js';
import { dataSection, findingsSection } from './data-section.js';
import { type Content, html, quoted } from './html.js';
import { intervalChart } from './interval-chart.js';
import { figure, page, section, table, tiles } from './page.js';
import { meanOf, metricsOf, type RunFile } from './read-run.js';
import type { Tracking } from './read-tracking.js';
import { settingsTable, shownValue } from './settings-table.js';
import { trainingSection } from './training-section.js';

/** A self-contained page of a run that ended. */
export function runPage(run: RunFile, tracking: Tracking | undefined, version: string): string {
  const { task, id, model, rag } = run;
  return page(
    `${task} run${id === undefined ? '' : ` ${id}`}`,
    html`from ${quoted(model.name)}${model.commit !== undefined && html` (${quoted(model.commit)})`}${model.model_type !== undefined && html`, ${quoted(model.model_type)}`}`,
    runTiles(run),
    trainingSection(run, tracking),
    qualitySections(run),
    dataSection(run),
    findingsSection(run),
    section('Settings', settingsTable(task, run.settings), ranTable(run)),
    html`<p class="note">trained by rag ${rag ?? 'of an unknown version'}, told by rag ${version}</p>`,
  );
}

/** A page of what was tracked of a run that has no run.json. */
export function unfinishedPage(tracking: Tracking, version: string): string {
  const { name, outcome, config } = tracking;
  return page(
    name ?? 'a run',
    outcome === undefined ? 'still running, or killed: it has no run.json' : `${outcome}: it has no run.json`,
    trainingSection(undefined, tracking) ??
      section('Training', html`<p class="note">Nothing was logged.</p>`),
    config && section('Settings', settingsTable(String(config.task), config)),
    html`<p class="note">told by rag ${version}</p>`,
  );
}

function runTiles({ result, comparison, evaluation }: RunFile) {
  const { updates, tokens, seconds, meanLoss, best, stopped } = result;
  const judgedBy = comparison?.judgedBy;
  const change = judgedBy === undefined ? undefined : comparison?.comparisons[0]?.difference[judgedBy];
  const [before, after] = [metricsOf(evaluation?.before), metricsOf(evaluation?.after)];
  return tiles([
    ['updates', updates.toLocaleString('en'), stopped === undefined ? undefined : quoted(stopped)],
    ['mean loss', meanLoss.toFixed(4)],
    ['time', duration(seconds)],
    [
      'tokens',
      tokens.toLocaleString('en'),
      `${Math.round(tokens / Math.max(seconds, 1e-9)).toLocaleString('en')} per second`,
    ],
    ...(best
      ? [
          [
            'best checkpoint',
            quoted(best.name),
            html`${quoted(best.metric)} ${best.value.toFixed(3)}`,
          ] as const,
        ]
      : []),
    ...(judgedBy !== undefined && before?.[judgedBy] && after?.[judgedBy]
      ? [
          [
            judgedBy,
            `${before[judgedBy].mean.toFixed(3)} → ${after[judgedBy].mean.toFixed(3)}`,
            change && `difference ${formatInterval(change)}`,
          ] as const,
        ]
      : []),
  ]);
}

function duration(seconds: number): string {
  if (!(seconds >= 60)) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function qualitySections({ comparison, evaluation }: RunFile): Content {
  const baselines = baselineTable(evaluation);
  if (comparison !== undefined)
    return [...comparisonSections(comparison as Comparison), baselines && section('Held against', baselines)];
  const [before, after] = [metricsOf(evaluation?.before), metricsOf(evaluation?.after)];
  if (!after) return section('Quality', html`<p class="note">The run had no rows to be evaluated on.</p>`);
  const rows = Object.entries(after).map(([label, found]) => ({
    label,
    intervals: [
      ...(before?.[label] ? [{ name: 'before', ...before[label] }] : []),
      { name: 'after', ...found },
    ],
  }));
  return section(
    'Quality',
    figure(
      'Means, before and after',
      intervalChart('Means with 95 % intervals', rows),
      html`<span class="key key-a"></span>before &nbsp; <span class="key key-b"></span>after`,
    ),
    baselines,
  );
}

/** What learns nothing, beside the model. */
function baselineTable(evaluation: RunFile['evaluation']): Content {
  const after = metricsOf(evaluation?.after);
  if (!evaluation || !after || (!evaluation.bm25 && !evaluation.chance)) return undefined;
  const names = Object.keys(after);
  const row = (title: string, means: (name: string) => number | undefined) => [
    title,
    ...names.map((name) => means(name)?.toFixed(3) ?? '–'),
  ];
  const { bm25, chance } = evaluation;
  return table(
    'Means of the trained model and of what learns nothing',
    [{ title: 'system' }, ...names.map((title) => ({ title, isNumber: true }))],
    [
      row('after', (name) => after[name]?.mean),
      ...(bm25 ? [row('words (BM25)', (name) => bm25[name]?.mean)] : []),
      ...(chance ? [row('random order', (name) => meanOf(chance[name]))] : []),
    ],
  );
}

function ranTable({ ran, versions, memory, not_active }: RunFile): Content {
  const rows = [
    ...Object.entries(versions ?? {}),
    ...Object.entries(ran ?? {}),
    ...Object.entries(memory ?? {}).map(([key, value]) => [
      `planned memory: ${key}`,
      typeof value === 'number' ? `${(value / 2 ** 20).toFixed(1)} MiB` : shownValue(value),
    ]),
  ].map(([key, value]) => [quoted(String(key)), quoted(shownValue(value))]);
  return [
    table('What ran', [{ title: 'of' }, { title: 'value' }], rows),
    (not_active?.length ?? 0) > 0 &&
      table(
        'Asked for and not obeyed',
        [{ title: 'key' }, { title: 'running' }],
        not_active!.map(({ key, running = '–', reason }) => [
          quoted(key),
          quoted(reason === undefined ? running : `${running}: ${reason}`),
        ]),
      ),
  ];
}
