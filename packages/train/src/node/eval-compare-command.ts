import type { Run } from '@rag/eval';
import { Command } from 'commander';
import { type CandidateScores, compareCandidates } from '../compare/compare-candidates.js';
import { compareRuns, type JudgedRun, type KnownTexts, shownDocuments } from '../compare/compare-runs.js';
import type { Comparison } from '../compare/compare-systems.js';
import { ConfigError } from '../config/config-error.js';
import { evaluateCollection } from '../evaluate/evaluate-collection.js';
import { type JudgedQueries, readJudgedQueries } from '../recipes/judged-queries.js';
import { rankingMetrics } from '../recipes/ranking-report.js';
import { describeQueries } from '../recipes/reranker-evaluation.js';
import type { ComparisonFacts } from '../report/comparison-page.js';
import { openSources } from '../run-files.js';
import { type AnyModelFlags, addAnyModelFlags, withAnyModel, withRetriever } from './any-model-flags.js';
import { addCollectionFlags, type CollectionFlags, metricsOf, withCollection } from './collection-flags.js';
import type { CommandStreams } from './command-line.js';
import {
  addComparisonFlags,
  type ComparisonFlags,
  compareOptions,
  tellComparison,
} from './comparison-flags.js';
import { countProgress } from './count-progress.js';
import { nodeFiles } from './node-files.js';
import type { AnyModel } from './open-any-model.js';
import { pairScorer } from './pair-scorer.js';

interface Flags extends AnyModelFlags, CollectionFlags, ComparisonFlags {
  readonly label_key?: string;
}

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
    .action(async (models: readonly string[], flags: Flags) => {
      if (models.length < 2)
        throw new ConfigError(
          'models',
          undefined,
          `expected two or more, got ${models.length === 0 ? 'none' : models[0]} — name them before the flags: rag eval compare base tuned --dataset dev.jsonl`,
        );
      const { comparison, facts } = await compareModels(models, flags, streams);
      await tellComparison(comparison, facts, flags, streams);
    });
}

interface Compared {
  readonly comparison: Comparison;
  readonly facts: Omit<ComparisonFacts, 'version'>;
}

async function compareModels(
  models: readonly string[],
  flags: Flags,
  streams: CommandStreams,
): Promise<Compared> {
  const names = shortNames(models);
  let gathered: ReturnType<typeof candidateComparer> | ReturnType<typeof searchComparer> | undefined;
  for (const [i, model] of models.entries())
    await withAnyModel(model, flags, streams, async (opened) => {
      const ranks = opened.task === 'reranker';
      gathered ??= ranks ? candidateComparer(flags) : searchComparer(flags, streams);
      if (gathered.ranks !== ranks)
        throw new ConfigError(
          model,
          undefined,
          `expected ${ranks ? 'a model that searches' : 'a reranker'} as ${models[0]} is, got one of the task ${opened.task} — compare models that do the same`,
        );
      await gathered.add(names[i]!, opened);
    });
  return gathered!.result();
}

/** Rerankers on lists of passages. */
function candidateComparer(flags: Flags) {
  const systems: CandidateScores[] = [];
  const metrics = metricsOf(flags.metrics ?? rankingMetrics);
  const { dataset } = flags;
  let judged: JudgedQueries | undefined;
  return {
    ranks: true,
    async add(name: string, opened: AnyModel): Promise<void> {
      if (dataset === undefined)
        throw new ConfigError(
          '--dataset',
          undefined,
          'expected rows {query, pos, neg} or with labels, got none — rerankers are compared on lists of passages',
        );
      const { scorer } = await pairScorer(opened, flags);
      judged ??= await readJudgedQueries(
        await openSources(nodeFiles, dataset),
        flags.label_key === undefined ? {} : { labelKey: flags.label_key },
      );
      const { queries } = judged;
      const scores = await scorer.score(
        queries.flatMap(({ query, passages }) =>
          passages.map((passage) => ({ query, prompted: query, passage })),
        ),
      );
      let at = 0;
      systems.push({
        name,
        scores: queries.map(({ passages }) => {
          at += passages.length;
          return scores.slice(at - passages.length, at);
        }),
      });
    },
    async result(): Promise<Compared> {
      return {
        comparison: compareCandidates(judged!.queries, systems, metrics, compareOptions(flags)),
        facts: { data: dataset!, size: describeQueries(judged!), notes: [] },
      };
    },
  };
}

/** Embedding and ColBERT models that search a collection. */
function searchComparer(flags: Flags, { stderr }: CommandStreams) {
  const systems: JudgedRun[] = [];
  const notes = new Set<string>();
  let [words, documents, queries] = [undefined, 0, 0] as [Run | undefined, number, number];
  if (flags.label_key !== undefined)
    throw new ConfigError(
      '--label_key',
      undefined,
      'expected rerankers, got a model that searches — leave it out',
    );
  return {
    ranks: false,
    async add(name: string, opened: AnyModel): Promise<void> {
      if (opened.task === 'reranker') return;
      await withCollection(flags, async (collection, kind, options) => {
        if (collection.qrels.size === 0)
          throw new ConfigError(
            '--dataset',
            undefined,
            'expected queries with relevant documents, got scored pairs alone — compare on rows {query, pos}',
          );
        await withRetriever(opened, flags, kind, async (retriever, prompts) => {
          if (prompts !== '') notes.add(`${name}: ${prompts.trimEnd()}`);
          const progress = countProgress(stderr, `documents for ${name}`);
          try {
            const found = await evaluateCollection(collection, retriever, {
              ...options,
              bm25: options.bm25 && words === undefined,
              onProgress: progress.update,
            });
            const [system, byWords] = found.systems;
            systems.push({ ...system!, name });
            words ??= byWords?.run;
            [documents, queries] = [found.documents, found.queries];
            for (const note of found.notes) notes.add(note);
          } finally {
            progress.end();
          }
        });
      });
    },
    async result(): Promise<Compared> {
      const comparison = await withCollection(flags, async (collection) => {
        const texts = await readTexts(collection, shownDocuments(systems, collection.qrels));
        return compareRuns(systems, collection.qrels, texts, {
          ...compareOptions(flags),
          ...(words && { words }),
        });
      });
      return {
        comparison,
        facts: {
          data: flags.dataset ?? [flags.beir ?? flags.corpus!],
          size: `${queries.toLocaleString('en')} queries over ${documents.toLocaleString('en')} documents`,
          notes: [...notes],
        },
      };
    },
  };
}

type Opened = Parameters<Parameters<typeof withCollection>[1]>[0];

async function readTexts({ queries, documents }: Opened, shown: ReadonlySet<string>): Promise<KnownTexts> {
  const byId = new Map(queries.map(({ id, text }) => [id, text]));
  const found = new Map<string, string>();
  for await (const { id, text } of documents()) if (shown.has(id)) found.set(id, text);
  return { query: (id) => byId.get(id), document: (id) => found.get(id) };
}

/** The last folders of models where they differ, else what was typed; a model that is named twice is numbered. */
function shortNames(models: readonly string[]): string[] {
  const last = models.map((model) => model.split(/[\\/]/).filter(Boolean).at(-1) ?? model);
  if (new Set(last).size === models.length) return last;
  return models.map((model, i) => (models.indexOf(model) === i ? model : `${model} (${i + 1})`));
}
