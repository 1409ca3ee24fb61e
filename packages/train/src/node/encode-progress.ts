import type { EncodeEvent } from '../encode/encode-file.js';
import { formatCount, formatDuration } from '../progress-text.js';
import type { Output } from './progress.js';

/** Shows how far encoding is. */
export interface EncodeProgress {
  say(line: string): void;
  update(event: EncodeEvent): void;
  /** Leaves the terminal as it was. */
  end(): void;
}

/** `12,288 rows · 34 % · 812 rows/s · 2m10s left`. */
export function formatEncode({ rows, rowsHere, share, shareHere }: EncodeEvent, seconds: number): string {
  const rate = rowsHere / Math.max(seconds, 1e-3);
  const left = shareHere > 0 ? (seconds * (1 - share)) / shareHere : Number.POSITIVE_INFINITY;
  const percent = `${Math.floor(share * 100)} %`;
  const speed = rate < 9.5 ? rate.toFixed(1) : formatCount(rate);
  return `${rows.toLocaleString('en')} rows · ${percent} · ${speed} rows/s · ${formatDuration(left)} left`;
}

/** On a terminal one line that is drawn over, elsewhere a line every half minute. */
export function encodeProgress(output: Output, now: () => number = Date.now): EncodeProgress {
  const started = now();
  const interval = output.isTTY ? 200 : 30_000;
  let drawn = started;
  let isShown = false;
  const end = (): void => {
    if (isShown) output.write('\r\u001b[K');
    isShown = false;
  };
  return {
    end,
    say(line) {
      end();
      output.write(`${line}\n`);
    },
    update(event) {
      if (now() - drawn < interval) return;
      drawn = now();
      const text = formatEncode(event, (drawn - started) / 1000);
      isShown = output.isTTY ?? false;
      output.write(isShown ? `\r\u001b[K${text}` : `${text}\n`);
    },
  };
}
