import type { ByteSource } from '@rag/data';
import {
  compareRetrieval,
  evaluateRetrieval,
  parseRun,
  type RetrievalEvaluation,
  retrievalIntervals,
} from '@rag/eval';
import { Command } from 'commander';
import { linesOf, readQrels } from '../evaluate/collection.js';
import { formatDifference, formatReports } from '../recipes/report-table.js';
import { openSources } from '../run-files.js';
import { metricsOf } from './collection-flags.js';
import type { CommandStreams } from './command-line.js';
import { nodeFiles } from './node-files.js';

interface Flags {
  readonly run: readonly string[];
  readonly qrels: string;
  readonly metrics?: readonly string[];
}

/** `rag eval run`: TREC runs by judgements, each with intervals, and the first beside the others. */
export function evalRunCommand({ stdout }: CommandStreams): Command {
  return new Command('run')
    .description('evaluate TREC runs')
    .requiredOption('--run <file...>', 'lines "query-id Q0 document-id rank score tag"')
    .requiredOption('--qrels <file>', "judgements: TREC's lines or BEIR's table")
    .option('--metrics <name...>', 'such as mrr@10, map, recall@100')
    .action(async (flags: Flags) => {
      const metrics = metricsOf(flags.metrics);
      const [qrelsSource, ...runSources] = await openSources(nodeFiles, [flags.qrels, ...flags.run]);
      try {
        const qrels = await readQrels(qrelsSource!);
        const systems: { name: string; evaluation: RetrievalEvaluation }[] = [];
        for (const source of runSources) {
          const { run, rankDisagreements } = await parseRun(linesOf(source), source.name);
          const evaluation = evaluateRetrieval(run, qrels, metrics);
          for (const note of notesOf(source, rankDisagreements, evaluation)) stdout.write(`${note}\n`);
          systems.push({ name: source.name, evaluation });
        }
        const [first, ...others] = systems;
        stdout.write(`${first!.evaluation.queryIds.length.toLocaleString('en')} queries\n`);
        stdout.write(
          `${formatReports(systems.map(({ name, evaluation }) => [name, retrievalIntervals(evaluation)]))}\n`,
        );
        for (const { name, evaluation } of others)
          stdout.write(
            `${name} − ${first!.name}: ${formatDifference(compareRetrieval(first!.evaluation, evaluation))}\n`,
          );
      } finally {
        for (const source of [qrelsSource!, ...runSources]) await source.close();
      }
    });
}

type Disagreements = Awaited<ReturnType<typeof parseRun>>['rankDisagreements'];

function* notesOf(
  { name }: ByteSource,
  disagreements: Disagreements,
  { withoutResults, withoutRelevant, unjudgedQueries }: RetrievalEvaluation,
): Generator<string> {
  const [odd] = disagreements;
  if (odd)
    yield `${name}:${odd.betterRankLine}: ranks above line ${odd.higherScoreLine} with a lower score, and ${disagreements.length - 1} more queries have such lines — scores count, ranks do not`;
  if (withoutResults.length > 0)
    yield `${name}: ${withoutResults.length} judged queries without results count as 0`;
  if (withoutRelevant.length > 0)
    yield `${name}: ${withoutRelevant.length} judged queries without a relevant document are left out`;
  if (unjudgedQueries.length > 0)
    yield `${name}: ${unjudgedQueries.length} queries are not judged and left out`;
}
