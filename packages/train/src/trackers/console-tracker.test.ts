import { expect, test } from 'vitest';
import { examineTracker, examRun } from '../testing/tracker-exam.js';
import { type ConsoleOptions, consoleTracker } from './console-tracker.js';
import { handClock } from './testing/hand-clock.js';
import type { TrackedEntry } from './tracker.js';

examineTracker(
  'console',
  async () => {
    let text = '';
    let isBroken = false;
    const write = (more: string): void => {
      if (isBroken) throw new Error('EPIPE');
      text += more;
    };
    const lines = () => text.split('\n');
    return {
      driver: (clock) => consoleTracker({ output: { write }, clock }),
      scalars: () =>
        lines().flatMap((line) => {
          const [place, ...values] = line.split(' · ');
          const step = /^(\d+)\/6$/.exec(place!)?.[1];
          if (step === undefined) return [];
          return values.flatMap((value) => {
            const [, name, number] = /^(.+) (\S+)$/.exec(value)!;
            return number === 'left' ? [] : [[name!, Number(step), Number(number)] as const];
          });
        }),
      ends: () => lines().flatMap((line) => /^run .*: (finished|failed|interrupted)$/.exec(line)?.[1] ?? []),
      breakDown() {
        isBroken = true;
      },
    };
  },
  { isStream: true },
);

const never = new AbortController().signal;

async function shown(options: Omit<ConsoleOptions, 'output'>, isTTY: boolean): Promise<string> {
  let text = '';
  const output = { write: (more: string) => (text += more), isTTY, columns: 24 };
  const clock = handClock();
  const driver = consoleTracker({ output, clock, ...options });
  await driver.open({ ...examRun, totalSteps: 7200 }, never);
  const time = clock.now();
  const entries: TrackedEntry[] = [1, 2, 3, 4, 5].map((step) => ({
    kind: 'scalars',
    step,
    time: time + step * 1000,
    values: { loss: 1 / step, lr: 2e-5 },
  }));
  await driver.write(entries, never);
  await driver.write([{ kind: 'text', step: 5, time, name: 'note', text: 'a\rb\u001b[2J' }], never);
  await driver.close('finished', never);
  return text;
}

test('a log file has one line per interval and no carriage returns', async () => {
  const text = await shown({ interval: 2 }, false);
  expect(text).not.toContain('\r');
  expect(text).not.toContain('\u001b');
  expect(text.split('\n').map((line) => line.replace(/1h59m|2h00m/, 'time'))).toEqual([
    'run Prüfung 一',
    '2/7200 · loss 0.5000 · lr 2.00e-5 · time left',
    '4/7200 · loss 0.2500 · lr 2.00e-5 · time left',
    '5 · note: a b [2J',
    '5/7200 · loss 0.2000 · lr 2.00e-5 · time left',
    'run Prüfung 一: finished',
    '',
  ]);
});

test('a terminal shows what comes in between on a line that is drawn over and fits', async () => {
  const text = await shown({ interval: 2 }, true);
  const drawn = text.split('\n').flatMap((line) => line.split('\r\u001b[K'));
  expect(drawn).toContain('1/7200 · loss 1 · lr 2.');
  expect(drawn.filter((line) => line.startsWith('3/7200'))).toEqual(['3/7200 · loss 0.3333 · ']);
});
