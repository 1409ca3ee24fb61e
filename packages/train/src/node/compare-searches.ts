import {
  compareRuns,
  type FirstsOfRun,
  firstsOf,
  type JudgedRun,
  type KnownTexts,
  shownDocuments,
} from '../compare/compare-runs.js';
import { ConfigError } from '../config/config-error.js';
import type { Collection } from '../evaluate/collection.js';
import { type EvaluateOptions, evaluateCollection } from '../evaluate/evaluate-collection.js';
import { rerankCollection } from '../evaluate/rerank-collection.js';
import { withRetriever } from './any-model-flags.js';
import { type CollectionKind, withCollection } from './collection-flags.js';
import type { CommandStreams } from './command-line.js';
import type { ComparedModels, CompareFlags } from './compared-models.js';
import { compareOptions } from './comparison-flags.js';
import { countProgress } from './count-progress.js';
import type { AnyModel } from './open-any-model.js';
import { pairScorer } from './pair-scorer.js';

/** Models that search a collection: embedding models and ColBERT by themselves, rerankers by ordering what words find. */
export function compareSearches(flags: CompareFlags, { stderr }: CommandStreams): ComparedModels {
  const systems: JudgedRun[] = [];
  const notes = new Set<string>();
  let [words, documents, queries] = [undefined, 0, 0] as [FirstsOfRun | undefined, number, number];
  if (flags.label_key !== undefined)
    throw new ConfigError(
      '--label_key',
      undefined,
      'expected rerankers on lists of passages, got a search — leave it out',
    );
  const search = async (
    name: string,
    opened: Exclude<AnyModel, { task: 'reranker' }>,
    collection: Collection,
    kind: CollectionKind,
    options: EvaluateOptions,
  ): Promise<void> =>
    withRetriever(opened, flags, kind, async (retriever, prompts) => {
      if (prompts !== '') notes.add(`${name}: ${prompts.trimEnd()}`);
      const progress = countProgress(stderr, `documents for ${name}`);
      try {
        const found = await evaluateCollection(collection, retriever, {
          ...options,
          bm25: options.bm25 && words === undefined,
          onProgress: progress.update,
        });
        const [system, byWords] = found.systems;
        const { run, evaluation } = system!;
        systems.push({ name, evaluation, firsts: firstsOf(run, collection.qrels) });
        if (byWords) words = firstsOf(byWords.run, collection.qrels);
        [documents, queries] = [found.documents, found.queries];
        for (const note of found.notes) notes.add(note);
      } finally {
        progress.end();
      }
    });
  const order = async (
    name: string,
    opened: AnyModel,
    collection: Collection,
    { metrics, leaveOutSameId }: EvaluateOptions,
  ): Promise<void> => {
    const { candidates } = flags;
    const { scorer } = await pairScorer(opened, flags);
    const found = await rerankCollection(
      collection,
      (pairs) => scorer.score(pairs.map((pair) => ({ ...pair, prompted: pair.query }))),
      { metrics, candidates, leaveOutSameId },
    );
    const { run, evaluation } = found;
    systems.push({ name, evaluation, firsts: firstsOf(run, collection.qrels) });
    words ??= firstsOf(found.words, collection.qrels);
    [documents, queries] = [found.documents, evaluation.queryIds.length];
    for (const note of found.notes) notes.add(note);
    notes.add(
      `rerankers order the ${candidates} documents that words (BM25) find; what they miss stays missed`,
    );
  };
  return {
    add: (name, opened) =>
      withCollection(flags, async (collection, kind, options) => {
        if (collection.qrels.size === 0)
          throw new ConfigError(
            '--dataset',
            undefined,
            'expected queries with relevant documents, got scored pairs alone — compare on rows {query, pos}',
          );
        if (opened.task === 'reranker') await order(name, opened, collection, options);
        else await search(name, opened, collection, kind, options);
      }),
    async result() {
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

async function readTexts(
  { queries, documents }: Pick<Collection, 'queries' | 'documents'>,
  shown: ReadonlySet<string>,
): Promise<KnownTexts> {
  const byId = new Map(queries.map(({ id, text }) => [id, text]));
  const found = new Map<string, string>();
  for await (const { id, text } of documents()) if (shown.has(id)) found.set(id, text);
  return { query: (id) => byId.get(id), document: (id) => found.get(id) };
}
