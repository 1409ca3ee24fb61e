import type { Tracker } from './tracker.js';

/** Several trackers as one; each is told everything, whatever becomes of the others. */
export function trackers(several: readonly Tracker[]): Tracker {
  const each = (tell: (tracker: Tracker) => void): void => {
    for (const tracker of several) tell(tracker);
  };
  return {
    name: several.map(({ name }) => name).join(', '),
    start: (run) => each((tracker) => tracker.start(run)),
    scalars: (step, values) => each((tracker) => tracker.scalars(step, values)),
    text: (step, name, text) => each((tracker) => tracker.text(step, name, text)),
    histogram: (step, name, histogram) => each((tracker) => tracker.histogram(step, name, histogram)),
    artifact: (step, artifact) => each((tracker) => tracker.artifact(step, artifact)),
    async finish(outcome, deadline) {
      await Promise.all(several.map((tracker) => tracker.finish(outcome, deadline)));
    },
  };
}
