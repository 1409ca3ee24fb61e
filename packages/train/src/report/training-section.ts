import { type Html, html } from './html.js';
import { lineChart, type Series } from './line-chart.js';
import { figure, section } from './page.js';
import { metricsOf, type RunFile } from './read-run.js';
import type { Tracking } from './read-tracking.js';

type Points = Series['points'];

/** Values over updates, under the trackers' names: of the tracking log where there is one, else of run.json. */
function seriesOf(
  run: Pick<RunFile, 'history'> | undefined,
  tracking: Tracking | undefined,
): Map<string, Points> {
  const found = new Map<string, Points>(tracking?.series ?? []);
  const { history = [] } = run ?? {};
  const add = (name: string, points: Points): void => {
    if (!found.has(name) && points.length > 0) found.set(name, points);
  };
  add(
    'train/loss',
    history.map(({ update, loss }) => [update, loss] as const),
  );
  add(
    'train/learning_rate',
    history.map(({ update, learningRate }) => [update, learningRate] as const),
  );
  add(
    'train/grad_norm',
    history.map(({ update, gradientNorm }) => [update, gradientNorm] as const),
  );
  add(
    'train/loss_scale',
    history.flatMap(({ update, lossScale }) =>
      lossScale === undefined ? [] : [[update, lossScale] as const],
    ),
  );
  return found;
}

const charts: readonly (readonly [name: string, title: string])[] = [
  ['train/loss', 'Loss'],
  ['train/learning_rate', 'Learning rate'],
  ['train/grad_norm', 'Gradient norm'],
  ['train/loss_scale', 'Loss scale'],
  ['train/tokens_per_second', 'Tokens per second'],
];

/** Curves of a run; undefined where nothing was logged. */
export function trainingSection(run: RunFile | undefined, tracking: Tracking | undefined): Html | undefined {
  const series = seriesOf(run, tracking);
  const drawn = charts.flatMap(([name, title]) => {
    const points = series.get(name);
    return points === undefined ? [] : [figure(title, lineChart(title, [{ name: title, points }]))];
  });
  const judged = run ? evaluationCurves(run) : [];
  const axis = run?.evaluation?.epochs?.some(({ update }) => update !== undefined) ? 'update' : 'epoch';
  const tracked = judged.length > 0 ? [] : [...series].filter(([name]) => name.startsWith('eval/'));
  const curves = [
    ...judged.map(({ name, points }) => figure(name, lineChart(name, [{ name, points }], axis))),
    ...tracked.map(([name, points]) => {
      const metric = name.slice('eval/'.length);
      return figure(metric, lineChart(metric, [{ name: metric, points }]));
    }),
  ];
  if (drawn.length + curves.length === 0) return undefined;
  return section(
    'Training',
    html`<div class="figures">${drawn}</div>`,
    curves.length > 0 && html`<h3>On held-out rows</h3><div class="figures">${curves}</div>`,
  );
}

/** Metrics before training, whenever the run was evaluated, and at its end, over epochs or, where some stand between, updates. */
function evaluationCurves({ evaluation, settings, result, doctor }: RunFile): Series[] {
  const [before, after] = [metricsOf(evaluation?.before), metricsOf(evaluation?.after)];
  const judged = evaluation?.epochs ?? [];
  if (!before || !after || judged.length === 0) return [];
  const perEpoch = doctor?.estimate?.updatesPerEpoch;
  const byUpdate = judged.some(({ update }) => update !== undefined);
  const lastEpoch = judged.at(-1)!.epoch + 2;
  const epochs = typeof settings.epochs === 'number' ? Math.max(settings.epochs, lastEpoch) : lastEpoch;
  // The best of several is one of those before it.
  const end = result.best ? undefined : byUpdate ? result.updates : epochs;
  return Object.keys(after).map((name) => ({
    name,
    points: [
      [0, before[name]?.mean ?? Number.NaN] as const,
      ...judged.flatMap(({ epoch, update, metrics }) => {
        const at = byUpdate
          ? (update ?? (perEpoch === undefined ? undefined : (epoch + 1) * perEpoch))
          : epoch + 1;
        return at === undefined ? [] : [[at, metricsOf(metrics)?.[name]?.mean ?? Number.NaN] as const];
      }),
      ...(end === undefined ? [] : [[end, after[name]!.mean] as const]),
    ],
  }));
}
