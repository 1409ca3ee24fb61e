import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { wholeNumber } from '../config/kind.js';
import { addAnyModelFlags, withAnyModel } from './any-model-flags.js';
import { addCollectionFlags } from './collection-flags.js';
import type { CommandStreams } from './command-line.js';
import { compareLists } from './compare-lists.js';
import { compareSearches } from './compare-searches.js';
import type { ComparedModels, CompareFlags } from './compared-models.js';
import { addComparisonFlags, tellComparison } from './comparison-flags.js';
import { flagParser } from './flag-parser.js';
import { shortNames } from './short-names.js';

/** `rag eval compare base tuned`: models on the same judged queries, each later one beside the first. */
export function evalCompareCommand(streams: CommandStreams): Command {
  const command = new Command('compare')
    .description(
      'compare models on the same judged queries: rerankers on lists of passages, others by search',
    )
    .usage('<base> <tuned...> --dataset <path...> [options]')
    .argument(
      '[models...]',
      'directories or names of the hub; the first is what the others are held against',
    );
  addComparisonFlags(addCollectionFlags(addAnyModelFlags(command)));
  return command
    .option('--label_key <text>', 'key of a row’s or hit’s label, for rerankers')
    .option(
      '--candidates <n>',
      'documents of a collection per query that words find and rerankers order',
      flagParser('--candidates', wholeNumber(10)),
      100,
    )
    .action(async (models: readonly string[], flags: CompareFlags) => {
      if (models.length < 2)
        throw new ConfigError(
          'models',
          undefined,
          `expected two or more, got ${models.length === 0 ? 'none' : models[0]} — name them before the flags: rag eval compare base tuned --dataset dev.jsonl`,
        );
      if (!flags.dataset && !flags.beir && !flags.corpus && !flags.queries && !flags.qrels)
        throw new ConfigError(
          '--dataset',
          undefined,
          'expected --dataset, --beir, or --corpus with --queries and --qrels, got none — say what to compare on',
        );
      const { comparison, facts } = await (await runModels(models, flags, streams)).result();
      await tellComparison(comparison, facts, flags, streams);
    });
}

/** Runs one model after the other. */
async function runModels(
  models: readonly string[],
  flags: CompareFlags,
  streams: CommandStreams,
): Promise<ComparedModels> {
  const names = shortNames(models);
  const first: { compared?: ComparedModels; ranks?: boolean } = {};
  for (const [i, model] of models.entries())
    await withAnyModel(model, flags, streams, async (opened) => {
      const ranks = opened.task === 'reranker';
      first.ranks ??= ranks;
      if (first.ranks !== ranks)
        throw new ConfigError(
          model,
          undefined,
          `expected ${first.ranks ? 'a reranker' : 'a model that searches'} as ${models[0]} is, got one of the task ${opened.task} — compare models that do the same`,
        );
      const { dataset } = flags;
      first.compared ??= ranks && dataset ? compareLists(dataset, flags) : compareSearches(flags, streams);
      await first.compared.add(names[i]!, opened);
    });
  return first.compared!;
}
