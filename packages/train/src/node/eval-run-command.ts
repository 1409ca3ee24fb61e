import type { ByteSource } from '@rag/data';
import {
  beirText,
  evaluateRetrieval,
  parseRun,
  type RetrievalEvaluation,
  readBeirCorpus,
  readBeirQueries,
  retrievalIntervals,
} from '@rag/eval';
import { Command } from 'commander';
import {
  compareRuns,
  firstsOf,
  type JudgedRun,
  type KnownTexts,
  shownDocuments,
} from '../compare/compare-runs.js';
import { ConfigError } from '../config/config-error.js';
import { linesOf, readQrels } from '../evaluate/collection.js';
import { formatReports } from '../recipes/report-table.js';
import { openSources } from '../run-files.js';
import { metricsOf } from './collection-flags.js';
import type { CommandStreams } from './command-line.js';
import {
  addComparisonFlags,
  type ComparisonFlags,
  compareOptions,
  tellComparison,
} from './comparison-flags.js';
import { nodeFiles } from './node-files.js';

interface Flags extends ComparisonFlags {
  readonly run: readonly string[];
  readonly qrels: string;
  readonly metrics?: readonly string[];
  readonly queries?: string;
  readonly corpus?: string;
}

/** `rag eval run`: TREC runs by judgements, each with intervals, and each later one beside the first. */
export function evalRunCommand(streams: CommandStreams): Command {
  return addComparisonFlags(new Command('run'))
    .description('evaluate TREC runs')
    .requiredOption('--run <file...>', 'lines "query-id Q0 document-id rank score tag"')
    .requiredOption('--qrels <file>', "judgements: TREC's lines or BEIR's table")
    .option('--metrics <name...>', 'such as mrr@10, map, recall@100')
    .option('--queries <file>', 'JSON lines {_id, text}: texts of what changed most, and slices')
    .option('--corpus <file>', 'JSON lines {_id, title, text}, with --queries')
    .action(async (flags: Flags) => {
      const metrics = metricsOf(flags.metrics);
      const { queries, corpus } = flags;
      const isTold = flags.html !== undefined || flags.json;
      if (isTold && flags.run.length < 2)
        throw new ConfigError(
          '--run',
          undefined,
          'expected two runs or more to compare, got one — name the others, or leave out --html and --json',
        );
      if (corpus !== undefined && queries === undefined)
        throw new ConfigError('--corpus', undefined, 'expected --queries with it, got none — pass both');
      const [qrelsSource, ...runSources] = await openSources(nodeFiles, [flags.qrels, ...flags.run]);
      try {
        const qrels = await readQrels(qrelsSource!);
        const systems: (JudgedRun & { readonly evaluation: RetrievalEvaluation })[] = [];
        const notes: string[] = [];
        for (const source of runSources) {
          const { run, rankDisagreements } = await parseRun(linesOf(source), source.name);
          const evaluation = evaluateRetrieval(run, qrels, metrics);
          notes.push(...notesOf(source, rankDisagreements, evaluation));
          systems.push({ name: source.name, evaluation, firsts: firstsOf(run, qrels) });
        }
        const size = `${systems[0]!.evaluation.queryIds.length.toLocaleString('en')} queries`;
        if (systems.length > 1) {
          const texts = await readTexts({ queries, corpus }, shownDocuments(systems, qrels));
          const comparison = compareRuns(systems, qrels, texts, compareOptions(flags));
          await tellComparison(comparison, { data: [flags.qrels], size, notes }, flags, streams);
          return;
        }
        const [{ name, evaluation }] = systems as [(typeof systems)[number]];
        const table = formatReports([[name, retrievalIntervals(evaluation)]]);
        streams.stdout.write(`${[...notes, size, table].join('\n')}\n`);
      } finally {
        for (const source of [qrelsSource!, ...runSources]) await source.close();
      }
    });
}

/** Texts of the queries and of some documents, where files of them were given. @throws LineError */
async function readTexts(
  { queries, corpus }: { readonly queries: string | undefined; readonly corpus: string | undefined },
  shown: ReadonlySet<string>,
): Promise<KnownTexts> {
  const [asked, found] = [new Map<string, string>(), new Map<string, string>()];
  const sources = await openSources(
    nodeFiles,
    [queries, corpus].filter((path) => path !== undefined),
  );
  try {
    const [queriesSource, corpusSource] = sources;
    if (queriesSource)
      for await (const { id, text } of readBeirQueries(linesOf(queriesSource), queriesSource.name))
        asked.set(id, text);
    if (corpusSource)
      for await (const document of readBeirCorpus(linesOf(corpusSource), corpusSource.name))
        if (shown.has(document.id)) found.set(document.id, beirText(document));
  } finally {
    for (const source of sources) await source.close();
  }
  return { query: (id) => asked.get(id), document: (id) => found.get(id) };
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
