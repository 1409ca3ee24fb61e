import { ColBERT } from '@rag/colbert';
import type { Embedding, EncodeOptions } from '@rag/embedding';
import { openRowProducts } from '@rag/runtime';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { choice, dimensions, wholeNumber } from '../config/kind.js';
import { colbertRetriever } from '../evaluate/colbert-retriever.js';
import type { Collection } from '../evaluate/collection.js';
import { embeddingRetriever } from '../evaluate/embedding-retriever.js';
import { evaluateCollection } from '../evaluate/evaluate-collection.js';
import { formatEvaluation } from '../evaluate/format-evaluation.js';
import type { Retriever } from '../evaluate/retriever.js';
import { openModel } from '../recipes/open-model.js';
import { checkColbertLengths, checkEmbeddingLengths } from './check-lengths.js';
import {
  addCollectionFlags,
  addStsAndRunFlags,
  type CollectionFlags,
  type CollectionKind,
  type evaluateOptions,
  withCollection,
} from './collection-flags.js';
import type { CommandStreams } from './command-line.js';
import { countProgress } from './count-progress.js';
import { addEmbeddingFlags, type EmbeddingFlags, textFlag, withEmbedding } from './embedding-flags.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubFlagNames, hubOptions } from './hub-flags.js';
import { addOnnxFlag, type OnnxFlag, onnxFlagName, onnxOption } from './onnx-flag.js';
import { writeRun } from './trec-files.js';

export interface LengthFlags {
  readonly query_max_len?: number;
  readonly passage_max_len?: number;
}

const length = (name: string) => flagParser(name, wholeNumber(3));
export const addLengthFlags = (command: Command): Command =>
  command
    .option('--query_max_len <n>', 'tokens of a query, special ones included', length('--query_max_len'))
    .option('--passage_max_len <n>', 'tokens of a document', length('--passage_max_len'));

type Similarity = 'cosine' | 'dot';

interface EmbeddingEvalFlags extends CollectionFlags, EmbeddingFlags, LengthFlags {
  readonly mrl_dims?: readonly number[];
  readonly query_prompt?: string;
  readonly passage_prompt?: string;
  readonly similarity?: Similarity;
}

/** `rag eval embedding`: a model's exact search of a collection, with intervals, beside BM25; correlations of scored rows. */
export function evalEmbeddingCommand(streams: CommandStreams): Command {
  const command = new Command('embedding').description('search a collection with an embedding model');
  return addStsAndRunFlags(addCollectionFlags(addLengthFlags(addEmbeddingFlags(command))))
    .option(
      '--mrl_dims <widths>',
      'the metrics of vectors cut to each of these widths, such as 64,128',
      flagParser('--mrl_dims', dimensions),
    )
    .option('--query_prompt <text>', 'text before a query', textFlag('--query_prompt'))
    .option('--passage_prompt <text>', 'text before a document', textFlag('--passage_prompt'))
    .option(
      '--similarity <name>',
      'cosine or dot; without it as the model says',
      flagParser('--similarity', choice(['cosine', 'dot'])),
    )
    .action((flags: EmbeddingEvalFlags) =>
      withCollection(flags, (collection, kind, options) =>
        withEmbedding(flags, streams, async (model) => {
          const prompts = promptsOf(model, flags, kind);
          const queries = encodeOptions(flags, prompts.query, flags.query_max_len);
          const documents = encodeOptions(flags, prompts.passage, flags.passage_max_len);
          // What the model refuses is an error before anything is computed.
          await checkEmbeddingLengths(model, { queries, documents });
          streams.stdout.write(prompts.line);
          const products = await openRowProducts({
            provider: 'cpu',
            ...(flags.threads !== undefined && { intraOpNumThreads: flags.threads }),
          });
          try {
            const retriever = embeddingRetriever(model, {
              queries,
              documents,
              similarity: flags.similarity ?? similarityOf(model),
              mrlDims: flags.mrl_dims ?? [],
              product: products.product,
            });
            await evaluate(collection, retriever, flags, options, streams);
          } finally {
            products.dispose();
          }
        }),
      ),
    );
}

interface ColbertEvalFlags extends CollectionFlags, LengthFlags, HubFlags, OnnxFlag {
  readonly model: string;
  readonly batch_size?: number;
  readonly threads?: number;
  readonly pool_factor?: number;
  readonly compat?: boolean;
}

/** `rag eval colbert`: the same by MaxSim. */
export function evalColbertCommand(streams: CommandStreams): Command {
  const count = (name: string) => flagParser(name, wholeNumber(1));
  const command = addOnnxFlag(addHubFlags(new Command('colbert')))
    .description('search a collection with a ColBERT model')
    .requiredOption('--model <name>', 'model directory, or a name of the hub')
    .option('--batch_size <n>', 'texts per batch', count('--batch_size'))
    .option('--threads <n>', 'threads of ONNX Runtime', count('--threads'))
    .option('--pool_factor <n>', 'keep one vector of a document in so many', count('--pool_factor'))
    .option('--compat', 'score as RAG-Retrieval does, where padding takes part');
  return addStsAndRunFlags(addCollectionFlags(addLengthFlags(command))).action((flags: ColbertEvalFlags) =>
    withCollection(flags, async (collection, _, options) => {
      const { threads, batch_size, query_max_len, passage_max_len, pool_factor } = flags;
      const batches = batch_size === undefined ? {} : { batchSize: batch_size };
      const queries = { ...batches, ...(query_max_len !== undefined && { maxLength: query_max_len }) };
      const documents = {
        ...batches,
        ...(passage_max_len !== undefined && { maxLength: passage_max_len }),
        ...(pool_factor !== undefined && { poolFactor: pool_factor }),
      };
      const open = () =>
        ColBERT.fromPretrained(flags.model, {
          ...hubOptions(flags, streams.stderr),
          ...onnxOption(flags),
          newHead: false,
          ...(threads !== undefined && { threads }),
          ...(flags.compat !== undefined && { compat: flags.compat }),
        });
      const model = await openModel(flags.model, open, {
        ...hubFlagNames,
        ...onnxFlagName,
        compat: '--compat',
      });
      try {
        // What the model refuses is an error before anything is computed.
        await checkColbertLengths(model, { queries, documents });
        await evaluate(collection, colbertRetriever(model, { queries, documents }), flags, options, streams);
      } finally {
        model.dispose();
      }
    }),
  );
}

type SearchOptions = Awaited<ReturnType<typeof evaluateOptions>>;

async function evaluate(
  collection: Collection,
  retriever: Retriever,
  flags: CollectionFlags & { readonly model: string },
  options: SearchOptions,
  { stdout }: CommandStreams,
): Promise<void> {
  if (flags.run !== undefined && collection.qrels.size === 0)
    throw new ConfigError(
      '--run',
      undefined,
      'expected queries with relevant documents, got scored pairs alone — leave it out',
    );
  const progress = countProgress(stdout, 'documents');
  try {
    const found = await evaluateCollection(collection, retriever, {
      ...options,
      onProgress: progress.update,
    });
    progress.end();
    stdout.write(`${formatEvaluation(found)}\n`);
    if (flags.run === undefined) return;
    await writeRun(flags.run, found.systems[0]!.run, tagOf(flags.model));
    stdout.write(`${flags.run}: written\n`);
  } finally {
    progress.end();
  }
}

/** A name without blanks for a model. */
const tagOf = (model: string): string =>
  model.split(/[\\/]/).filter(Boolean).at(-1)?.replace(/\s+/g, '-') ?? 'rag';

const encodeOptions = (
  { dim, batch_size }: EmbeddingEvalFlags,
  prompt: string,
  maxLength: number | undefined,
): EncodeOptions => ({
  prompt,
  ...(dim !== undefined && { dim }),
  ...(batch_size !== undefined && { batchSize: batch_size }),
  ...(maxLength !== undefined && { maxLength }),
});

/**
 * Texts before queries and documents, and a line that says so. Rows of a data set bring their own; a collection gets the
 * model's prompts of the usual names; of pairs no side is a query.
 */
export function promptsOf(
  { settings: { prompts, default_prompt_name } }: Pick<Embedding, 'settings'>,
  { query_prompt, passage_prompt }: Pick<EmbeddingEvalFlags, 'query_prompt' | 'passage_prompt'>,
  kind: CollectionKind,
): { query: string; passage: string; line: string } {
  const usual = default_prompt_name === null ? '' : prompts[default_prompt_name]!;
  const named = (...names: string[]): string => {
    if (kind === 'dataset') return '';
    const name = kind === 'beir' ? names.find((each) => Object.hasOwn(prompts, each)) : undefined;
    return name === undefined ? usual : prompts[name]!;
  };
  const query = query_prompt ?? named('query');
  const passage = passage_prompt ?? named('document', 'passage', 'corpus');
  if (query === '' && passage === '' && Object.keys(prompts).length === 0)
    return { query, passage, line: '' };
  const shown = (text: string) => (text === '' ? 'none' : JSON.stringify(text));
  return { query, passage, line: `prompts: queries ${shown(query)}, documents ${shown(passage)}\n` };
}

const similarities: Readonly<Record<string, Similarity>> = {
  cosine: 'cosine',
  dot: 'dot',
  dot_product: 'dot',
};

/** How vectors of a model are compared, as it says itself. @throws ConfigError for another way */
export function similarityOf({ settings: { similarity_fn_name } }: Pick<Embedding, 'settings'>): Similarity {
  const found = similarities[similarity_fn_name ?? 'cosine'];
  if (found) return found;
  throw new ConfigError(
    '--similarity',
    undefined,
    `expected a model that is compared by cosine or dot, got one of ${similarity_fn_name} — pass --similarity to choose`,
  );
}
