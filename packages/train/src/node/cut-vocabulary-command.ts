import { Command } from 'commander';
import { wholeNumber } from '../config/kind.js';
import { underNames } from '../recipes/open-model.js';
import type { CommandStreams } from './command-line.js';
import { type ChangedTexts, cutVocabulary } from './cut-vocabulary.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubFlagNames, hubOptions } from './hub-flags.js';

interface Flags extends HubFlags {
  readonly model: string;
  readonly corpus: readonly string[];
  readonly output: string;
  readonly min_count?: number;
  readonly held_out?: readonly string[];
  readonly overwrite?: boolean;
}

/** `rag cut`: a model whose vocabulary is what a corpus uses. */
export function cutVocabularyCommand({ stdout, stderr }: CommandStreams): Command {
  return addHubFlags(new Command('cut'))
    .description('cut the vocabulary of a model to the pieces that a corpus uses')
    .requiredOption('--model <name>', 'model directory, or a name of the hub')
    .requiredOption(
      '--corpus <path...>',
      'JSON lines, of which every string counts, or a text per line (.txt)',
    )
    .requiredOption('--output <directory>', 'where to write')
    .option(
      '--min_count <n>',
      'how often the corpus must use a piece; 1 without it, so that the corpus keeps all of its pieces',
      flagParser('--min_count', wholeNumber(1)),
    )
    .option('--held_out <path...>', 'texts of which to count how many the cut changes')
    .option('--overwrite', 'write into a directory that holds other files, too')
    .action(async ({ model, corpus, output, min_count, held_out, overwrite = false, ...hub }: Flags) => {
      const run = () =>
        cutVocabulary({
          ...{ model, corpus, output, overwrite, hub: hubOptions(hub, stderr) },
          ...(min_count !== undefined && { minCount: min_count }),
          ...(held_out && { heldOut: held_out }),
        });
      const { tokens, parameters, leftOut, ...texts } = await underNames(hubFlagNames, run);
      const lines: [string, string][] = [
        ['tokens', `${tokens.before} → ${tokens.after}`],
        ['parameters', `${millions(parameters.before)} → ${millions(parameters.after)}`],
        ['corpus', describe(texts.corpus)],
        ...(texts.heldOut ? ([['held out', describe(texts.heldOut)]] as [string, string][]) : []),
        ...(leftOut.length > 0 ? ([['left out', leftOut.join(', ')]] as [string, string][]) : []),
        ['written', output],
      ];
      stdout.write(lines.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join(''));
    });
}

const millions = (count: number): string => `${(count / 1e6).toFixed(1)} M`;

const describe = ({ texts, changed }: ChangedTexts): string =>
  `${changed} of ${texts} texts with other pieces${texts > 0 ? ` (${((100 * changed) / texts).toFixed(1)} %)` : ''}`;
