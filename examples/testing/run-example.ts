import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { here } from '../example-run.js';

const tsx = createRequire(import.meta.url).resolve('tsx/cli');

/**
 * An example and where it writes, which `remove` takes away after the tests of the file.
 * @param seed one that no other test takes
 */
export function example(file: string, seed: number) {
  const output = here(`./output/seed-${seed}`);
  /** Runs it as its script does, in a process of its own; returns what it printed. */
  const run = async (...args: string[]): Promise<string> => {
    const command = [tsx, '--conditions=@rag/source', file, '--seed', String(seed), ...args];
    const options = { cwd: here('.'), maxBuffer: 2 ** 24 };
    return (await promisify(execFile)(process.execPath, command, options)).stdout;
  };
  const remove = (): void => rmSync(output, { recursive: true, force: true });
  return { output, run, remove };
}

/** A line of a quality table: two means with their intervals. */
export const tableLine = (system: string): RegExp =>
  new RegExp(`│ ${system} +│( '\\d\\.\\d{3} \\[\\d\\.\\d{3}, \\d\\.\\d{3}\\]' │){2}`);

/** The scores of the passages that are printed under a query. */
export const scoresUnder = (query: string, stdout: string): number[] =>
  [
    ...stdout
      .split(query)
      .at(-1)!
      .matchAll(/^ {2,}(-?\d+\.\d{2}) {2}\S/gm),
  ].map(([, score]) => Number(score));
