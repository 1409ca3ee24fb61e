import { Presets, SingleBar } from 'cli-progress';
import { formatStep, formatStepLine } from '../progress-text.js';
import type { RunListener } from '../recipes/run-platform.js';
import type { StepEvent } from '../trainer.js';

/** A listener that owns a line of the terminal. */
export interface Progress extends RunListener {
  /** Leaves the terminal as it was, whatever happened. */
  end(): void;
}

/** A writable stream; a bar is drawn only where it is a terminal. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/**
 * Shows a run: on a terminal a bar with loss, rate, tokens per second and time left under the lines that are said; in a
 * pipe or a log file one line per `interval` updates.
 */
export function progress(output: Output, interval: number): Progress {
  return output.isTTY ? bar(output) : lines(output, interval);
}

function lines(output: Output, interval: number): Progress {
  const say = (text: string): void => {
    output.write(`${text}\n`);
  };
  return {
    say,
    step(event) {
      const { update, totalUpdates } = event;
      if (update % interval === 0 || update === totalUpdates) say(formatStepLine(event));
    },
    end() {},
  };
}

function bar(output: Output): Progress {
  let shown: SingleBar | undefined;
  const end = (): void => {
    shown?.stop();
    shown = undefined;
  };
  return {
    say(text) {
      end();
      output.write(`${text}\n`);
    },
    step(event: StepEvent) {
      const { update, totalUpdates, epoch, epochs } = event;
      const payload = { place: `epoch ${epoch + 1}/${epochs}`, text: formatStep(event) };
      if (shown === undefined) {
        shown = new SingleBar(
          { format: '{place} {bar} {value}/{total} · {text}', stream: output, barsize: 20, linewrap: true },
          Presets.shades_classic,
        );
        shown.start(totalUpdates, update, payload);
      } else shown.update(update, payload);
      if (update === totalUpdates) end();
    },
    end,
  };
}
