import { expect, test } from 'vitest';
import { histogramOf } from '../trackers/histogram.js';
import { type HandClock, handClock } from '../trackers/testing/hand-clock.js';
import type { HttpFixture } from '../trackers/testing/http-fixture.js';
import { track } from '../trackers/track.js';
import type { TrackedRun, Tracker, TrackerDriver, TrackerProblem } from '../trackers/tracker.js';

/** A value of a step, under a name. */
export type KeptScalar = readonly [name: string, step: number, value: number];

/** Where a driver writes, and how an independent reader finds it again. */
export interface TrackerPlace {
  /** A driver as a new process makes it. */
  driver(clock: HandClock): TrackerDriver;
  /** In the order in which they are kept. */
  scalars(): Promise<readonly KeptScalar[]> | readonly KeptScalar[];
  /** How the run ended, once per time that it did. */
  ends(): Promise<readonly string[]> | readonly string[];
  /** From now on writing fails for good. */
  breakDown(): void;
  /** What must show nowhere, and everything that was written or said. */
  readonly secret?: string;
  readonly written?: () => string;
  /** Where it is a server. */
  readonly server?: HttpFixture;
  close?(): Promise<void>;
}

/** What a driver keeps differently, each with its reason in its test. */
export interface TrackerTraits {
  /** As the reader finds a name. */
  readonly nameOf?: (name: string) => string;
  /** As the reader finds a value. */
  readonly keptValue?: (value: number) => number;
  /** Of the ends `finished` and `interrupted`. */
  readonly ends?: readonly string[];
  /** Prints what it hears, also what an earlier process said. */
  readonly isStream?: true;
  readonly isServer?: true;
}

export const examRun: TrackedRun = {
  id: 'exam-1',
  name: 'Prüfung 一',
  project: 'rag',
  config: { lr: 2e-5, model: { name: '模型', layers: 2 }, prompts: ['q', 'd'], none: null },
  totalSteps: 6,
};

const never = new AbortController().signal;

/** What every driver has to do. */
export function examineTracker(kind: string, open: () => Promise<TrackerPlace>, traits: TrackerTraits): void {
  const { nameOf = (name) => name, keptValue = (value) => value, ends = ['finished'], isStream } = traits;
  /** Runs with a place, and with the problems that were reported. */
  const examine = (
    what: string,
    run: (
      place: TrackerPlace,
      start: (run?: TrackedRun) => Tracker,
      problems: TrackerProblem[],
      clock: HandClock,
    ) => Promise<void>,
  ): void => {
    test(`${kind}: ${what}`, async () => {
      const place = await open();
      const problems: TrackerProblem[] = [];
      const clock = handClock();
      const start = (startedRun = examRun): Tracker => {
        const tracker = track(place.driver(clock), { clock, report: (problem) => problems.push(problem) });
        tracker.start(startedRun);
        return tracker;
      };
      try {
        await run(place, start, problems, clock);
        const said = JSON.stringify(problems, (_key, value) =>
          value instanceof Error ? `${value.message} ${value.stack} ${String(value.cause)}` : value,
        );
        if (place.secret !== undefined) {
          expect(said).not.toContain(place.secret);
          expect(place.written?.() ?? '').not.toContain(place.secret);
        }
      } finally {
        await place.close?.();
      }
    });
  };
  const log = (tracker: Tracker, from: number, to: number): void => {
    for (let step = from; step <= to; step++) tracker.scalars(step, { loss: step / 4 });
  };
  const steps = async (place: TrackerPlace): Promise<number[]> =>
    (await place.scalars()).filter(([name]) => name === 'loss').map(([, step]) => step);

  examine('keeps values in order, NaN, infinities and any script', async (place, start, problems) => {
    const tracker = start();
    const values = [0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -3];
    values.forEach((value, index) => {
      tracker.scalars(index + 1, { 'train/loss': value, '损失 ø': value });
    });
    await tracker.finish('finished', never);
    expect(problems).toEqual([]);
    expect(await place.scalars()).toEqual(
      values.flatMap((value, index) =>
        ['train/loss', '损失 ø'].map((name) => [nameOf(name), index + 1, keptValue(value)]),
      ),
    );
    expect(await place.ends()).toEqual(['finished']);
  });

  examine('takes texts, distributions and references', async (place, start, problems) => {
    const tracker = start();
    tracker.text(1, 'note', 'two\nlines of 文');
    tracker.histogram(1, 'lengths', histogramOf([1, 2, 3, 10], 3));
    tracker.artifact(2, { name: 'best', type: 'model', uri: 'out/model' });
    tracker.scalars(2, { loss: 1 });
    await tracker.finish('finished', never);
    expect(problems).toEqual([]);
    expect(await steps(place)).toEqual([2]);
  });

  examine('goes on where a checkpoint was, no step twice', async (place, start, problems) => {
    const first = start();
    log(first, 1, 5);
    await first.finish('interrupted', never);
    const second = start({ ...examRun, resumeFrom: 3 });
    log(second, 4, 6);
    await second.finish('finished', never);
    expect(problems).toEqual([]);
    if (isStream) return;
    expect(await steps(place)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await place.ends()).toEqual(ends);
  });

  examine('finishes once, and says what comes after', async (place, start, problems) => {
    const tracker = start();
    log(tracker, 1, 2);
    const finished = tracker.finish('finished', never);
    expect(tracker.finish('failed', never)).toBe(finished);
    await finished;
    log(tracker, 3, 4);
    expect(await steps(place)).toEqual([1, 2]);
    expect(await place.ends()).toEqual(['finished']);
    expect(problems.map((problem) => [problem.kind, /after finish/.test(problem.message)])).toEqual([
      ['lost', true],
    ]);
  });

  examine('breaks down without the run, and says so once', async (place, start, problems) => {
    const tracker = start();
    place.breakDown();
    log(tracker, 1, 3);
    await tracker.finish('finished', never);
    log(tracker, 4, 6);
    await tracker.finish('finished', never);
    expect(problems.map((problem) => problem.kind)).toEqual(['lost']);
    expect(problems[0]!.message).toMatch(
      /the run goes on; (what was logged from step 1 on|its end) is lost$/,
    );
  });

  if (!traits.isServer) return;

  examine('waits for a server that is busy, and loses nothing', async (place, start, problems, clock) => {
    place.server!.fail(503, 429, 500);
    const tracker = start();
    log(tracker, 1, 3);
    await tracker.finish('finished', never);
    expect(problems.map((problem) => problem.kind)).toEqual(['delayed']);
    expect(clock.waits.slice(0, 3)).toEqual([1_000, 2_000, 4_000]);
    expect(await steps(place)).toEqual([1, 2, 3]);
    expect(await place.ends()).toEqual(['finished']);
  });

  examine('keeps nothing twice where answers are lost', async (place, start, problems) => {
    const tracker = start();
    // One for every request of a run: all of them are repeated.
    place.server!.fail(
      ...Array.from({ length: 20 }, (_, at) => (at % 2 ? 'fine' : 'served') as 'fine' | 'served'),
    );
    log(tracker, 1, 3);
    await tracker.finish('finished', never);
    expect(problems.map((problem) => problem.kind)).toEqual(['delayed']);
    expect(await steps(place)).toEqual([1, 2, 3]);
  });

  examine('asks again where no answer comes', async (place, start, problems, clock) => {
    place.server!.fail('silent');
    const tracker = start();
    log(tracker, 1, 3);
    const finished = tracker.finish('finished', never);
    await place.server!.silence;
    clock.expire();
    await finished;
    expect(problems.map((problem) => problem.kind)).toEqual(['delayed']);
    expect(await steps(place)).toEqual([1, 2, 3]);
  });

  examine('leaves a silent server at the deadline, and says what is lost', async (place, start, problems) => {
    place.server!.fail('silent');
    const deadline = new AbortController();
    const tracker = start();
    log(tracker, 1, 3);
    const finished = tracker.finish('finished', deadline.signal);
    await place.server!.silence;
    deadline.abort(new Error('too late'));
    await finished;
    expect(problems.map((problem) => problem.kind)).toEqual(['lost']);
    expect(problems[0]!.message).toContain('3 entries of steps 1 to 3 lost');
  });
}
