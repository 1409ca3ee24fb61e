import { formatCount } from '../progress-text.js';
import type { Output } from './progress.js';

/** Shows a count that grows to an unknown end: on a terminal one line, drawn over; elsewhere nothing. */
export function countProgress(output: Output, what: string, now: () => number = Date.now) {
  const started = now();
  let drawn = started;
  let isShown = false;
  return {
    update(count: number): void {
      if (!output.isTTY || now() - drawn < 200) return;
      drawn = now();
      isShown = true;
      const rate = formatCount(count / ((drawn - started) / 1000));
      output.write(`\r\u001b[K${count.toLocaleString('en')} ${what} · ${rate}/s`);
    },
    /** Leaves the terminal as it was. */
    end(): void {
      if (isShown) output.write('\r\u001b[K');
      isShown = false;
    },
  };
}
