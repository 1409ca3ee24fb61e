import { chart } from './chart.js';
import { byId, say } from './elements.js';
import type { TuneData, TuneProgress } from './protocol.js';
import { host, listen, state, trainingData } from './state.js';

const settings = () => ({
  epochs: Number(byId<HTMLInputElement>('epochs').value),
  learningRate: Number(byId<HTMLInputElement>('rate').value),
});
const useRows = (): boolean => byId<HTMLInputElement>('use-rows').checked;
let last: TuneProgress | undefined;

/** Shows what would train, how far a run is, and which buttons may be pressed. */
export function showTuning(): void {
  const { model, busy, labels } = state;
  const data = trainingData(useRows());
  const unused = model === undefined || model.task === 'reranker' ? 0 : withoutPositive(data);
  byId('tune-state').textContent =
    say('toTrain', data.pairs.length, labels.size, data.heldOut.length) +
    (unused > 0 ? say('unused', unused) : '');
  byId<HTMLButtonElement>('tune').disabled = busy || model === undefined;
  byId<HTMLButtonElement>('download').disabled = busy || model === undefined;
  if (last) showProgress(last);
}

/** Pairs of queries without a relevant passage, which a model that compares cannot learn from. */
function withoutPositive({ pairs }: TuneData): number {
  const known = new Set(pairs.filter(({ label }) => label === 1).map(({ query }) => query));
  return pairs.filter(({ query }) => !known.has(query)).length;
}

function showProgress(progress: TuneProgress): void {
  last = progress;
  const { update, updates, losses, heldOut, heldOutQueries } = progress;
  const bar = byId<HTMLProgressElement>('progress');
  bar.hidden = false;
  bar.max = Math.max(1, updates);
  bar.value = update;
  bar.setAttribute('aria-label', say('tuneTitle'));
  const text = say('progress', update, updates, losses.at(-1)?.toFixed(4) ?? '–');
  byId('tune-progress').textContent = text;
  const [first, now] = [heldOut[0], heldOut.at(-1)];
  const quality =
    first && now ? say('quality', first.value.toFixed(3), now.value.toFixed(3), heldOutQueries) : '';
  byId('quality').textContent = quality;
  byId('chart').replaceChildren(chart(progress, say('chart', `${text}; ${quality}`), say('loss')));
}

export interface TunePanelOptions {
  /** Runs work that the page waits for, errors shown. */
  run(work: () => Promise<void>): Promise<void>;
  /** After a run: the worker's model is another. */
  onTuned(progress: TuneProgress): Promise<void>;
}

/** Trains until the end or *Stop*; `goOn` is the run of an earlier visit. */
export async function tune(options: TunePanelOptions, goOn = false): Promise<void> {
  await options.run(async () => {
    const stop = byId('stop');
    stop.hidden = false;
    try {
      const tuned = goOn ? await host().tuneOn() : await host().tune(trainingData(useRows()), settings());
      showProgress(tuned);
      await options.onTuned(tuned);
    } finally {
      stop.hidden = true;
    }
  });
}

/** Connects the section's controls. */
export function startTunePanel(options: TunePanelOptions): void {
  listen({ tuning: showProgress });
  byId('use-rows').addEventListener('change', showTuning);
  byId('stop').addEventListener('click', () => void host().stop());
  byId('by-labels').addEventListener('submit', (event) => {
    event.preventDefault();
    void tune(options);
  });
  byId('download').addEventListener(
    'click',
    () =>
      void options.run(async () => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(await host().download());
        link.download = `${state.model!.name.replace(/[^\w.-]+/g, '-')}.zip`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      }),
  );
}
