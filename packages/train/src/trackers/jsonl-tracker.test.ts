import { expect, test } from 'vitest';
import { examineTracker, examRun } from '../testing/tracker-exam.js';
import { jsonlTracker } from './jsonl-tracker.js';
import { handClock } from './testing/hand-clock.js';
import { memoryTrackerFiles } from './testing/memory-tracker-files.js';
import type { TrackedEntry } from './tracker.js';

const path = 'out/log.jsonl';
const textOf = (files: { contents: Map<string, Uint8Array> }): string =>
  new TextDecoder().decode(files.contents.get(path));

examineTracker(
  'jsonl',
  async () => {
    const files = memoryTrackerFiles();
    const lines = () =>
      textOf(files)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    return {
      driver: (clock) => jsonlTracker({ files, path, clock }),
      scalars: () =>
        lines().flatMap(({ kind, step, values }) =>
          kind === 'scalars'
            ? Object.entries(values).map(([name, value]) => [name, step, Number(value)] as const)
            : [],
        ),
      ends: () => lines().flatMap(({ kind, outcome }) => (kind === 'end' ? [outcome] : [])),
      breakDown: () => files.fill(),
    };
  },
  {},
);

const never = new AbortController().signal;
const at = (step: number): TrackedEntry => ({ kind: 'scalars', step, time: 0, values: { loss: step } });

test('a line that a crash cut off is dropped, and other runs of the file stay', async () => {
  const files = memoryTrackerFiles();
  const other = jsonlTracker({ files, path });
  await other.open({ ...examRun, id: 'other' }, never);
  await other.write([at(90)], never);
  const crashed = jsonlTracker({ files, path });
  await crashed.open(examRun, never);
  await crashed.write([at(1), at(2), at(3)], never);
  files.contents.set(path, files.contents.get(path)!.slice(0, -5));
  const again = jsonlTracker({ files, path });
  await again.open({ ...examRun, resumeFrom: 1 }, never);
  await again.write([at(2)], never);
  const steps = [...textOf(files).matchAll(/"step":(\d+)/g)].map((match) => Number(match[1]));
  expect(steps).toEqual([90, 1, 2]);
});

test.each([
  ['always', 0],
  [1e9, 2],
  ['end', 2],
] as const)('syncs %s', async (sync, unsynced) => {
  const files = memoryTrackerFiles();
  const driver = jsonlTracker({ files, path, sync, clock: handClock() });
  await driver.open(examRun, never);
  await driver.write([at(1)], never);
  expect(files.unsynced).toBe(unsynced);
  await driver.close('finished', never);
  expect(files.unsynced).toBe(0);
});
