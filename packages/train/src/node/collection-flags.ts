import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type MetricName, metricNamed } from '@rag/eval';
import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { wholeNumber } from '../config/kind.js';
import { beirCollection, type Collection, pairsCollection, rowsCollection } from '../evaluate/collection.js';
import { checkCutoffs, type EvaluateOptions } from '../evaluate/evaluate-collection.js';
import { readScoredPairs } from '../evaluate/scored-pairs.js';
import { underNames } from '../recipes/open-model.js';
import { retrievalMetrics } from '../recipes/retrieval-evaluation.js';
import { openSources } from '../run-files.js';
import { booleanFlag } from './embedding-flags.js';
import { flagParser } from './flag-parser.js';
import { nodeFiles } from './node-files.js';

/** The flags that say what is searched and how it is judged. */
export interface CollectionFlags {
  readonly dataset?: readonly string[];
  readonly beir?: string;
  readonly split: string;
  readonly corpus?: string;
  readonly queries?: string;
  readonly qrels?: string;
  readonly sts?: readonly string[];
  readonly metrics?: readonly string[];
  readonly top_k: number;
  readonly bm25: boolean;
  readonly leave_out_same_id?: boolean;
  readonly run?: string;
}

/** Where a collection comes from; it decides which prompts stand before texts. */
export type CollectionKind = 'dataset' | 'beir' | 'sts';

/** Adds them to a command. */
export function addCollectionFlags(command: Command): Command {
  return command
    .option('--dataset <path...>', 'JSON lines {query, pos}, with neg or scores: every passage is searched')
    .option('--beir <directory>', 'corpus.jsonl, queries.jsonl and qrels/<split>.tsv')
    .option('--split <name>', 'which judgements of --beir', 'test')
    .option('--corpus <file>', 'JSON lines {_id, title, text}, with --queries and --qrels')
    .option('--queries <file>', 'JSON lines {_id, text}')
    .option('--qrels <file>', "judgements: BEIR's table or TREC's lines")
    .option('--metrics <name...>', `such as mrr@10, map, recall@100 (default: ${retrievalMetrics.join(' ')})`)
    .option('--top_k <n>', 'documents kept per query', flagParser('--top_k', wholeNumber(1)), 1000)
    .option(
      '--bm25 [true|false]',
      'word matching beside the model; it holds all documents in memory',
      booleanFlag('--bm25'),
      true,
    )
    .option(
      '--leave_out_same_id',
      'a query does not find the document of its own id, as in ArguAna and Quora',
    );
}

/** Adds the flags of one model alone: pairs with scores, and a file for what was found. */
export const addStsAndRunFlags = (command: Command): Command =>
  command
    .option('--sts <path...>', 'JSON lines {sentence1, sentence2, score} or {query, pos, scores}')
    .option('--run <file>', 'write what was found as a TREC run');

type SearchOptions = Omit<EvaluateOptions, 'onProgress'>;

/** How a search is judged; what would only fail after it is checked. @throws ConfigError */
export async function evaluateOptions(flags: CollectionFlags): Promise<SearchOptions> {
  const { run } = flags;
  if (run !== undefined && !(await stat(dirname(run)).catch(() => undefined))?.isDirectory())
    throw new ConfigError(
      '--run',
      undefined,
      `expected a file in a folder that exists, got ${run} — make the folder`,
    );
  const options = {
    metrics: metricsOf(flags.metrics),
    topK: flags.top_k,
    bm25: flags.bm25,
    leaveOutSameId: flags.leave_out_same_id ?? false,
  };
  await underNames({ topK: '--top_k' }, async () => checkCutoffs(options));
  return options;
}

/** Metrics by their names, the usual ones without any; commas may stand between them. */
export function metricsOf(given: readonly string[] = retrievalMetrics): MetricName[] {
  return given
    .flatMap((names) => names.split(','))
    .map((name) => {
      try {
        metricNamed(name as MetricName);
      } catch (cause) {
        throw new ConfigError('--metrics', undefined, (cause as Error).message, { cause });
      }
      return name as MetricName;
    });
}

/** Checks the flags, opens what they name, uses it, and closes its files. */
export async function withCollection<T>(
  flags: CollectionFlags,
  search: (collection: Collection, kind: CollectionKind, options: SearchOptions) => Promise<T>,
): Promise<T> {
  const { kind, paths } = pathsOf(flags);
  const options = await evaluateOptions(flags);
  const use = (collection: Collection) => search(collection, kind, options);
  const sources = await openSources(nodeFiles, paths);
  try {
    if (kind === 'sts') return await use(pairsCollection(await readScoredPairs(sources)));
    if (kind === 'dataset') return await use(await rowsCollection(sources));
    const [corpus, queries, qrels] = sources;
    return await use(await beirCollection({ corpus: corpus!, queries: queries!, qrels: qrels! }));
  } finally {
    for (const source of sources) await source.close();
  }
}

function pathsOf(flags: CollectionFlags): { kind: CollectionKind; paths: readonly string[] } {
  const { dataset, beir, split, corpus, queries, qrels, sts } = flags;
  const files = { '--corpus': corpus, '--queries': queries, '--qrels': qrels };
  const someFiles = Object.values(files).some((path) => path !== undefined);
  const given = [dataset, beir, sts, someFiles ? files : undefined].filter((source) => source !== undefined);
  if (given.length !== 1)
    throw new ConfigError(
      '--dataset',
      undefined,
      `expected one of --dataset, --beir, --sts, or --corpus with --queries and --qrels, got ${given.length === 0 ? 'none' : given.length} — say what to search`,
    );
  if (dataset) return { kind: 'dataset', paths: dataset };
  if (sts) return { kind: 'sts', paths: sts };
  if (beir !== undefined)
    return {
      kind: 'beir',
      paths: [join(beir, 'corpus.jsonl'), join(beir, 'queries.jsonl'), join(beir, 'qrels', `${split}.tsv`)],
    };
  const absent = Object.entries(files).find(([, path]) => path === undefined);
  if (absent)
    throw new ConfigError(
      absent[0],
      undefined,
      'expected a file, got none — --corpus, --queries and --qrels go together',
    );
  return { kind: 'beir', paths: [corpus!, queries!, qrels!] };
}
