import { expect, test } from 'vitest';
import { examRun } from '../testing/tracker-exam.js';
import { handClock } from './testing/hand-clock.js';
import { track } from './track.js';
import { type TrackedEntry, type TrackerDriver, type TrackerProblem, TransientError } from './tracker.js';
import { trackers } from './trackers.js';

const never = new AbortController().signal;

function memory(overrides: Partial<TrackerDriver> = {}) {
  const written: TrackedEntry[] = [];
  const problems: TrackerProblem[] = [];
  const driver: TrackerDriver = {
    name: 'memory',
    gather: 0,
    open: async () => {},
    write: async (entries) => void written.push(...entries),
    close: async () => {},
    ...overrides,
  };
  return { driver, written, problems, report: (problem: TrackerProblem) => void problems.push(problem) };
}

test('a queue that is full loses the oldest, and says which', async () => {
  const { driver, written, problems, report } = memory();
  const tracker = track(driver, { report, capacity: 3, clock: handClock() });
  tracker.start(examRun);
  for (let step = 1; step <= 10; step++) tracker.scalars(step, { loss: step });
  await tracker.finish('finished', never);
  expect(written.map(({ step }) => step)).toEqual([8, 9, 10]);
  expect(problems).toEqual([
    {
      tracker: 'memory',
      kind: 'lost',
      message: 'memory: the queue was full — 7 entries of steps 1 to 7 lost',
    },
  ]);
});

test('a driver that never answers and hears no signal is left at the deadline', async () => {
  const { driver, problems, report } = memory({ write: () => new Promise(() => {}) });
  const deadline = new AbortController();
  const tracker = track(driver, { report, clock: handClock() });
  tracker.start(examRun);
  tracker.scalars(5, { loss: 1 });
  const finished = tracker.finish('finished', deadline.signal);
  deadline.abort();
  await finished;
  expect(problems.map(({ message }) => message)).toEqual([
    "memory: expected to finish before the deadline, got no end — 1 entry of steps 5 to 5 lost; the run's end is not in it",
  ]);
});

test('a deadline that is over already ends it at once', async () => {
  const { driver, problems, report } = memory({ open: () => new Promise(() => {}) });
  const tracker = track(driver, { report, clock: handClock() });
  tracker.start(examRun);
  await tracker.finish('failed', AbortSignal.abort());
  expect(problems.map(({ kind }) => kind)).toEqual(['lost']);
});

test('a failure that lasts is said once while it lasts, and waits no longer than a minute', async () => {
  let failures = 9;
  const { driver, written, problems, report } = memory();
  const clock = handClock();
  const tracker = track(
    {
      ...driver,
      async write(entries, signal) {
        if (failures-- > 0) throw new TransientError('busy', 3_000);
        await driver.write(entries, signal);
      },
    },
    { report, clock },
  );
  tracker.start(examRun);
  tracker.scalars(1, { loss: 1 });
  await tracker.finish('finished', never);
  expect(written.length).toBe(1);
  expect(problems.map(({ kind }) => kind)).toEqual(['delayed']);
  expect(clock.waits).toEqual([3_000, 3_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('values are those of the call, and a report that throws ends nothing', async () => {
  const { driver, written } = memory();
  const report = (): never => {
    throw new Error('report');
  };
  const tracker = track(driver, { report, capacity: 1, clock: handClock() });
  tracker.start(examRun);
  const values = { loss: 1 };
  tracker.scalars(1, values);
  tracker.scalars(2, values);
  values.loss = 9;
  await tracker.finish('finished', never);
  expect(written).toMatchObject([{ step: 2, values: { loss: 1 } }]);
});

test('one of several that breaks leaves the others whole', async () => {
  const broken = memory({ name: 'broken', open: () => Promise.reject(new Error('no')) });
  const whole = memory();
  const all = trackers([
    track(broken.driver, { report: broken.report }),
    track(whole.driver, { report: whole.report }),
  ]);
  expect(all.name).toBe('broken, memory');
  all.start(examRun);
  all.scalars(1, { loss: 1 });
  all.text(1, 'note', 'text');
  all.histogram(1, 'lengths', { edges: [0, 1], counts: [1], sum: 1, sumOfSquares: 1 });
  all.artifact(1, { name: 'model', type: 'model', uri: 'out' });
  await all.finish('finished', never);
  expect(whole.written.map(({ kind }) => kind)).toEqual(['scalars', 'text', 'histogram', 'artifact']);
  expect([broken.problems.length, whole.problems.length]).toEqual([1, 0]);
});

test('without a start the entries are lost and said', async () => {
  const { driver, problems, report } = memory();
  const tracker = track(driver, { report });
  tracker.scalars(1, { loss: 1 });
  await tracker.finish('finished', never);
  expect(problems[0]!.message).toContain('expected start before entries');
});
