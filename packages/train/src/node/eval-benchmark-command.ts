import type { MetricName } from '@rag/eval';
import { Command } from 'commander';
import {
  type BenchmarkLine,
  type BenchmarkResult,
  benchmarkLines,
  mainMetric,
} from '../benchmark/benchmark-result.js';
import { formatBenchmarks } from '../benchmark/format-benchmarks.js';
import { readMtebSamples } from '../benchmark/mteb-samples.js';
import { type ScorePairs, scoreSamples } from '../benchmark/score-samples.js';
import { ConfigError } from '../config/config-error.js';
import { wholeNumber } from '../config/kind.js';
import { beirCollection } from '../evaluate/collection.js';
import { evaluateCollection } from '../evaluate/evaluate-collection.js';
import { rerankCollection } from '../evaluate/rerank-collection.js';
import { benchmarkPage } from '../report/benchmark-page.js';
import { openSources } from '../run-files.js';
import { type AnyModelFlags, addAnyModelFlags, withAnyModel, withRetriever } from './any-model-flags.js';
import type { CommandStreams } from './command-line.js';
import { writePage } from './comparison-flags.js';
import { promptsOf } from './eval-retrieval-command.js';
import { type FoundBenchmark, findBenchmarks } from './find-benchmarks.js';
import { flagParser } from './flag-parser.js';
import { nodeFiles } from './node-files.js';
import type { AnyModel } from './open-any-model.js';
import { pairScorer } from './pair-scorer.js';
import { shortNames } from './short-names.js';
import { version } from './version.js';

interface Flags extends AnyModelFlags {
  readonly folder: string;
  readonly split: string;
  readonly candidates: number;
  readonly html?: string;
  readonly json?: boolean;
}

const collectionMetrics = ['ndcg@10', 'mrr@10', 'recall@100'] as const satisfies MetricName[];

/** `rag eval benchmark`: models on all benchmarks of a folder, told apart by their files, in one table with averages. */
export function evalBenchmarkCommand(streams: CommandStreams): Command {
  const command = new Command('benchmark')
    .description('evaluate models on a folder of BEIR collections and MTEB reranking tasks')
    .usage('<models...> --folder <directory> [options]')
    .argument('[models...]', 'directories or names of the hub; the first is what the others are held against')
    .requiredOption(
      '--folder <directory>',
      'folders of corpus.jsonl, queries.jsonl, qrels/<split>.tsv, and {query, positive, negative} in JSON lines',
    )
    .option('--split <name>', 'which judgements, or which file of a folder', 'test')
    .option(
      '--candidates <n>',
      'documents per query that words find and a reranker orders',
      flagParser('--candidates', wholeNumber(10)),
      100,
    )
    .option('--html <file>', 'write a page that needs nothing beside itself')
    .option('--json', 'print one JSON object');
  return addAnyModelFlags(command).action(async (models: readonly string[], flags: Flags) => {
    if (models.length === 0)
      throw new ConfigError(
        'models',
        undefined,
        'expected one or more, got none — name them before the flags: rag eval benchmark model --folder benchmarks',
      );
    const found = await findBenchmarks(flags.folder, flags.split);
    const measured: Measured[][] = [];
    for (const [i, model] of models.entries())
      measured.push(
        await withAnyModel(model, flags, streams, async (opened) => {
          const results: Measured[] = [];
          for (const benchmark of found) {
            results.push(await measure(benchmark, opened, flags));
            streams.stderr.write(`${model}: ${benchmark.name}, ${results.length} of ${found.length}\n`);
            if (i === 0) continue;
            // What is said of the files was said.
            results.at(-1)!.notes.length = 0;
          }
          return results;
        }),
      );
    const results = found.map(({ name }, i): BenchmarkResult => {
      const [first] = measured as [Measured[]];
      const { kind, queries, documents } = first[i]!;
      return {
        ...{ name, kind, queries },
        ...(documents !== undefined && { documents }),
        perQuery: measured.map((of) => of[i]!.perQuery),
      };
    });
    const lines = benchmarkLines(results);
    const notes = measured.flat().flatMap((each) => each.notes);
    await tell(lines, shortNames(models), notes, flags, streams);
  });
}

interface Measured extends Omit<BenchmarkResult, 'name' | 'perQuery'> {
  readonly perQuery: BenchmarkResult['perQuery'][number];
  readonly notes: string[];
}

async function measure(benchmark: FoundBenchmark, opened: AnyModel, flags: Flags): Promise<Measured> {
  return benchmark.layout === 'mteb'
    ? measureSamples(benchmark.name, benchmark.file, opened, flags)
    : measureCollection(benchmark.name, benchmark.directory, opened, flags);
}

async function measureSamples(name: string, file: string, opened: AnyModel, flags: Flags): Promise<Measured> {
  const [source] = await openSources(nodeFiles, [file]);
  try {
    const { samples, leftOut } = await readMtebSamples(source!);
    const { perQuery, queries } = await scoreSamples(samples, await scorePairs(opened, flags));
    return {
      ...{ kind: 'reranking', queries, perQuery },
      notes: leftOut > 0 ? [`${name}: ${leftOut} samples without positives or negatives are left out`] : [],
    };
  } finally {
    await source!.close();
  }
}

/** Documents that judged metrics look at. */
const KEPT = 1000;

/** As BEIR counts: a query never finds the document of its own id, and queries without a relevant document count as 0. */
const asBeir = { leaveOutSameId: true, withoutRelevant: 'zero' } as const;

async function measureCollection(
  name: string,
  directory: string,
  opened: AnyModel,
  flags: Flags,
): Promise<Measured> {
  const paths = ['corpus.jsonl', 'queries.jsonl', `qrels/${flags.split}.tsv`];
  const sources = await openSources(
    nodeFiles,
    paths.map((path) => `${directory}/${path}`),
  );
  try {
    const [corpus, queries, qrels] = sources;
    const collection = await beirCollection({ corpus: corpus!, queries: queries!, qrels: qrels! });
    const metrics = collectionMetrics;
    if (opened.task === 'reranker') {
      const { candidates } = flags;
      const found = await rerankCollection(collection, await scorePairs(opened, flags), {
        ...asBeir,
        ...{ metrics, candidates },
      });
      const { perQuery, queryIds } = found.evaluation;
      return {
        ...{ kind: 'retrieval', queries: queryIds.length, documents: found.documents, perQuery },
        notes: [
          ...found.notes,
          `${name}: a reranker orders the ${candidates} documents that words (BM25) find; what they miss stays missed`,
        ],
      };
    }
    return await withRetriever(opened, flags, 'beir', async (retriever) => {
      const { systems, documents, notes } = await evaluateCollection(collection, retriever, {
        ...asBeir,
        ...{ metrics, topK: KEPT, bm25: false },
      });
      const { perQuery, queryIds } = systems[0]!.evaluation;
      return { kind: 'retrieval', queries: queryIds.length, documents, perQuery, notes: [...notes] };
    });
  } finally {
    for (const source of sources) await source.close();
  }
}

/** A model's scores of pairs, with its own prompts where it is an embedding model. */
async function scorePairs(opened: AnyModel, flags: Flags): Promise<ScorePairs> {
  const prompts = opened.task === 'embedding' ? promptsOf(opened.model, flags, 'beir') : undefined;
  const { scorer } = await pairScorer(opened, {
    ...flags,
    ...(prompts && { query_prompt: prompts.query, passage_prompt: prompts.passage }),
  });
  return (pairs) => scorer.score(pairs.map((pair) => ({ ...pair, prompted: pair.query })));
}

async function tell(
  lines: readonly BenchmarkLine[],
  models: readonly string[],
  notes: readonly string[],
  { json, html, folder }: Flags,
  { stdout }: CommandStreams,
): Promise<void> {
  if (html !== undefined)
    await writePage('--html', html, benchmarkPage(lines, { models, folder, notes, version }));
  if (json) {
    stdout.write(`${JSON.stringify({ models, mainMetric, notes, benchmarks: lines })}\n`);
    return;
  }
  stdout.write(`${[...notes, formatBenchmarks(lines, models)].join('\n')}\n`);
  if (html !== undefined) stdout.write(`${html}: written\n`);
}
