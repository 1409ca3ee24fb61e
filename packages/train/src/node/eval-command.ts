import { Command } from 'commander';
import { readJudgedQueries } from '../recipes/judged-queries.js';
import { chanceOf, reportBm25, reportModel } from '../recipes/ranking-report.js';
import { formatReports } from '../recipes/report-table.js';
import { describeQueries } from '../recipes/reranker-evaluation.js';
import { openSources } from '../run-files.js';
import type { CommandStreams } from './command-line.js';
import { addModelFlags, type ModelFlags, withModel } from './model-flags.js';
import { nodeFiles } from './node-files.js';

type Flags = ModelFlags & { readonly dataset: readonly string[]; readonly label_key?: string };

/** `rag eval reranker`: a model's ranking of judged queries, with intervals, beside BM25 and chance. */
export function evalCommand(streams: CommandStreams): Command {
  return addModelFlags(new Command('reranker').description('rank judged queries with a reranker'))
    .requiredOption('--dataset <path...>', 'JSONL files of any reranker shape')
    .option('--label_key <text>', 'key of a row’s or hit’s label')
    .action(async (flags: Flags) => {
      const labelKey = flags.label_key === undefined ? {} : { labelKey: flags.label_key };
      const judged = await readJudgedQueries(await openSources(nodeFiles, flags.dataset), labelKey);
      const { queries } = judged;
      const report = await withModel(flags, streams, (model, options) =>
        reportModel(model, queries, options),
      );
      const table = formatReports([
        ['model', report.metrics],
        ['BM25', reportBm25(queries).metrics],
        ['chance', chanceOf(queries)],
      ]);
      streams.stdout.write(`${describeQueries(judged)}\n${table}\n`);
    });
}
