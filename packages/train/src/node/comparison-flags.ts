import type { Command } from 'commander';
import type { CompareOptions, Comparison } from '../compare/compare-systems.js';
import { formatComparison } from '../compare/format-comparison.js';
import { ConfigError } from '../config/config-error.js';
import { wholeNumber } from '../config/kind.js';
import { type ComparisonFacts, comparisonPage } from '../report/comparison-page.js';
import type { CommandStreams } from './command-line.js';
import { flagParser } from './flag-parser.js';
import { nodeFiles } from './node-files.js';
import { version } from './version.js';

/** How systems are compared, and where that is told. */
export interface ComparisonFlags {
  readonly resamples: number;
  readonly seed: number;
  readonly examples: number;
  readonly html?: string;
  readonly json?: boolean;
}

/** Adds them to a command. */
export const addComparisonFlags = (command: Command): Command =>
  command
    .option('--html <file>', 'write a page that needs nothing beside itself')
    .option('--json', 'print one JSON object')
    .option('--resamples <n>', 'of the bootstrap', flagParser('--resamples', wholeNumber(100)), 10_000)
    .option('--seed <n>', 'of the bootstrap', flagParser('--seed', wholeNumber(0)), 42)
    .option(
      '--examples <n>',
      'queries that improved and worsened most, of each so many in the page and the JSON',
      flagParser('--examples', wholeNumber(0)),
      10,
    );

export const compareOptions = ({ resamples, seed, examples }: ComparisonFlags): Required<CompareOptions> => ({
  ...{ resamples, seed, examples },
});

/** Prints a comparison, and writes its page where one was asked for. @throws ConfigError for a page that cannot be written */
export async function tellComparison(
  comparison: Comparison,
  facts: Omit<ComparisonFacts, 'version'>,
  { json, html }: ComparisonFlags,
  { stdout }: CommandStreams,
): Promise<void> {
  const { size, notes, data } = facts;
  if (html !== undefined) await writePage('--html', html, comparisonPage(comparison, { ...facts, version }));
  if (json) stdout.write(`${JSON.stringify({ data, size, notes, ...comparison })}\n`);
  else stdout.write(`${[size, ...notes, formatComparison(comparison)].join('\n')}\n`);
  if (html !== undefined && !json) stdout.write(`${html}: written\n`);
}

/** Writes a page, complete or not at all. @throws ConfigError */
export async function writePage(flag: string, path: string, text: string): Promise<void> {
  await nodeFiles.writeText(path, text).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(
      flag,
      undefined,
      `expected a file that can be written, got ${cause.code ?? cause.message} for ${path} — choose another path`,
      { cause },
    );
  });
}
