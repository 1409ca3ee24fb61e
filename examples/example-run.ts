import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What a command line asks of an example, and where the example writes. */
export interface ExampleRun {
  readonly seed: number;
  /** Of the full run; the tests take a little. */
  readonly share: number;
  /** What to search for at the end. */
  readonly query: string;
  /** An empty directory. */
  readonly output: string;
  /** Since the start. */
  seconds(): string;
}

/** A file beside this one. */
export const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const trainFile = here('../example_data/reranker.train.jsonl');
/** Other topics than those of `trainFile`. */
export const heldOutFile = here('../example_data/reranker.dev.jsonl');

/** Every text of `trainFile`, as a row without labels. */
export const textsFile = here('../example_data/texts.train.jsonl');

/** Reads `--seed`, `--share` and `--query`; empties `output/seed-<seed>/<name>`. */
export function startRun(name: string, query: string): ExampleRun {
  const started = performance.now();
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      share: { type: 'string', default: '1' },
      query: { type: 'string', default: query },
    },
  });
  const seed = Number(values.seed);
  const output = here(`./output/seed-${seed}/${name}`);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  return {
    seed,
    share: Number(values.share),
    query: values.query,
    output,
    seconds: () => ((performance.now() - started) / 1000).toFixed(0),
  };
}
