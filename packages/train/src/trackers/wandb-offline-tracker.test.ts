import { expect, test } from 'vitest';
import { examineTracker, examRun } from '../testing/tracker-exam.js';
import { memoryTrackerFiles } from './testing/memory-tracker-files.js';
import { readFields } from './testing/read-fields.js';
import { readLog } from './wandb-log.js';
import { wandbOfflineTracker } from './wandb-offline-tracker.js';

const outcomes: Readonly<Record<number, string>> = { 0: 'finished', 1: 'failed', 130: 'interrupted' };
const fieldsOf = (files: { contents: Map<string, Uint8Array> }) =>
  [...files.contents.values()].flatMap((file) => [...readLog(file)].map(({ data }) => readFields(data)));

examineTracker(
  'wandb offline',
  async () => {
    const files = memoryTrackerFiles();
    return {
      driver: (clock) => wandbOfflineTracker({ files, directory: 'out', clock }),
      scalars() {
        const rows = fieldsOf(files).flatMap((record) => record.messages(2));
        return rows.flatMap((row) =>
          row.messages(1).flatMap((item) => {
            const name = item.text(1)!;
            const value = Number(item.text(16));
            return name.startsWith('_') || item.text(16)!.startsWith('{')
              ? []
              : [[name, row.messages(2)[0]!.int(1)!, value] as const];
          }),
        );
      },
      ends: () =>
        fieldsOf(files).flatMap((record) => record.messages(18).map((exit) => outcomes[exit.int(1)!]!)),
      breakDown: () => files.fill(),
    };
  },
  {},
);

const never = new AbortController().signal;

test('records are numbered without a gap, also behind a crash and over blocks', async () => {
  const files = memoryTrackerFiles();
  const text = 'long '.repeat(9_000);
  const open = async (resumeFrom?: number) => {
    const driver = wandbOfflineTracker({ files, directory: 'out' });
    await driver.open(resumeFrom === undefined ? examRun : { ...examRun, resumeFrom }, never);
    return driver;
  };
  const first = await open();
  for (let step = 1; step <= 4; step++)
    await first.write(
      [
        { kind: 'scalars', step, time: 0, values: { loss: step } },
        { kind: 'text', step, time: 0, name: 'note', text },
      ],
      never,
    );
  const [path] = files.contents.keys();
  expect(path).toMatch(/^out\/wandb\/offline-run-\d{8}_\d{6}-exam-1\/run-exam-1\.wandb$/);
  files.contents.set(path!, files.contents.get(path!)!.slice(0, -100));
  const again = await open(2);
  await again.write([{ kind: 'scalars', step: 3, time: 0, values: { loss: 30 } }], never);
  await again.close('finished', never);
  expect([...files.contents.keys()]).toEqual([path]);
  const records = fieldsOf(files);
  expect(records.map((record) => record.int(1))).toEqual(records.map((_, index) => index + 1));
  const steps = records.flatMap((record) => record.messages(2).map((row) => row.messages(2)[0]!.int(1)));
  expect(steps).toEqual([1, 2, 3]);
});

test('refuses the id of an earlier run, and one that was uploaded', async () => {
  const files = memoryTrackerFiles();
  await wandbOfflineTracker({ files, directory: 'out' }).open(examRun, never);
  const again = wandbOfflineTracker({ files, directory: 'out' });
  await expect(again.open(examRun, never)).rejects.toThrow('expected no earlier run of this id');
  const [path] = files.contents.keys();
  files.contents.set(`${path}.synced`, new Uint8Array(0));
  await expect(again.open({ ...examRun, resumeFrom: 1 }, never)).rejects.toThrow('wandb sync --append');
});
