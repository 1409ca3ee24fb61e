import { type Clock, systemClock } from '../distill/clock.js';
import { formatDuration } from '../progress-text.js';
import type { TrackedEntry, TrackedRun, TrackerDriver } from './tracker.js';

/** Where lines go: standard output, a pipe, a log file. */
export interface LineOutput {
  write(text: string): unknown;
  /** A terminal, where the last line is drawn over between two that stay. */
  readonly isTTY?: boolean;
  /** Of a terminal, in cells. */
  readonly columns?: number;
}

export interface ConsoleOptions {
  readonly output: LineOutput;
  /** Steps between lines that stay; the last step of a run has one. @default 1 */
  readonly interval?: number;
  readonly clock?: Pick<Clock, 'now'>;
}

type Scalars = Extract<TrackedEntry, { kind: 'scalars' }>;

/** A run as lines: step, values, time left. Without a terminal there is one line per interval and nothing but line feeds. */
export function consoleTracker({ output, interval = 1, clock = systemClock }: ConsoleOptions): TrackerDriver {
  let run: TrackedRun | undefined;
  let began = { time: 0, step: 0 };
  let printed = Number.NEGATIVE_INFINITY;
  let held: Scalars | undefined;
  let isDrawn = false;
  const clear = (): string => {
    const drawn = isDrawn;
    isDrawn = false;
    return drawn ? '\r\u001b[K' : '';
  };
  const say = (line: string): void => {
    output.write(`${clear()}${oneLine(line)}\n`);
  };
  const lineOf = (entry: Scalars): string => {
    const total = run?.totalSteps;
    const done = entry.step - began.step;
    const left =
      total !== undefined && done > 0
        ? [`${formatDuration((((entry.time - began.time) / done) * (total - entry.step)) / 1000)} left`]
        : [];
    const values = Object.entries(entry.values).map(([name, value]) => `${name} ${formatValue(value)}`);
    return [`${entry.step}${total === undefined ? '' : `/${total}`}`, ...values, ...left].join(' · ');
  };
  const showScalars = (entry: Scalars): void => {
    const isDue =
      entry.step === printed || entry.step - printed >= interval || entry.step === run?.totalSteps;
    if (isDue) {
      printed = entry.step;
      held = undefined;
      say(lineOf(entry));
      return;
    }
    held = entry;
    if (!output.isTTY) return;
    output.write(`${clear()}${cut(oneLine(lineOf(entry)), (output.columns ?? 80) - 1)}`);
    isDrawn = true;
  };
  const show = (entry: TrackedEntry): void => {
    if (entry.kind === 'text') say(`${entry.step} · ${entry.name}: ${entry.text}`);
    else if (entry.kind === 'artifact') say(`${entry.step} · ${entry.type} ${entry.name}: ${entry.uri}`);
    else if (entry.kind === 'scalars') showScalars(entry);
  };
  return {
    name: 'console',
    gather: 0,
    async open(opened) {
      run = opened;
      began = { time: clock.now(), step: opened.resumeFrom ?? 0 };
      // Lines fall on multiples of the interval.
      printed = began.step - (began.step % interval);
      say(
        opened.resumeFrom === undefined
          ? `run ${opened.name}`
          : `run ${opened.name}, resumed after update ${opened.resumeFrom}`,
      );
    },
    async write(entries) {
      for (const entry of entries) show(entry);
    },
    async close(outcome) {
      if (held !== undefined) say(lineOf(held));
      held = undefined;
      say(`run ${run!.name}: ${outcome}`);
    },
  };
}

/** Four digits, or as rates are written. */
function formatValue(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? value.toPrecision(4) : value.toExponential(2);
}

/** Line ends and control characters, which would break a log's lines or steer a terminal, as spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');

/** As much as fits; wide characters take two cells. */
function cut(text: string, cells: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1;
    if (used > cells) break;
    kept += character;
  }
  return kept;
}
