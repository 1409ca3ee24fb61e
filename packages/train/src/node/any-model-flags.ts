import { POOLING_MODES, type PoolingMode } from '@rag/embedding';
import { openRowProducts } from '@rag/runtime';
import type { Command } from 'commander';
import { choice, wholeNumber } from '../config/kind.js';
import { colbertRetriever } from '../evaluate/colbert-retriever.js';
import { embeddingRetriever } from '../evaluate/embedding-retriever.js';
import type { Retriever } from '../evaluate/retriever.js';
import { checkColbertLengths, checkEmbeddingLengths, refuseEmbeddingFlags } from './check-lengths.js';
import type { CollectionKind } from './collection-flags.js';
import type { CommandStreams } from './command-line.js';
import { textFlag } from './embedding-flags.js';
import { addLengthFlags, type LengthFlags, promptsOf, similarityOf } from './eval-retrieval-command.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubOptions } from './hub-flags.js';
import { addOnnxFlag, type OnnxFlag, onnxOption } from './onnx-flag.js';
import { type AnyModel, openAnyModel } from './open-any-model.js';

/** Flags of commands that take models of any kind; a kind's own flags are refused for models of another. */
export interface AnyModelFlags extends HubFlags, OnnxFlag, LengthFlags {
  readonly max_len?: number;
  readonly batch_size?: number;
  readonly threads?: number;
  readonly pooling?: PoolingMode;
  readonly query_prompt?: string;
  readonly passage_prompt?: string;
  readonly similarity?: 'cosine' | 'dot';
}

/** Adds them to a command. */
export function addAnyModelFlags(command: Command): Command {
  const count = (name: string, least = 1) => flagParser(name, wholeNumber(least));
  return addLengthFlags(addOnnxFlag(addHubFlags(command)))
    .option('--max_len <n>', 'tokens of a pair, for rerankers', count('--max_len', 5))
    .option('--batch_size <n>', 'texts or pairs per batch', count('--batch_size'))
    .option('--threads <n>', 'threads of ONNX Runtime', count('--threads'))
    .option(
      '--pooling <mode>',
      `pooling of encoders that say none: ${POOLING_MODES.join(', ')}`,
      flagParser('--pooling', choice(POOLING_MODES)),
    )
    .option('--query_prompt <text>', 'text before a query, for embedding models', textFlag('--query_prompt'))
    .option('--passage_prompt <text>', 'text before a document', textFlag('--passage_prompt'))
    .option(
      '--similarity <name>',
      'cosine or dot, for embedding models; without it as the model says',
      flagParser('--similarity', choice(['cosine', 'dot'])),
    );
}

/** Opens a model as what its files say that it is, uses it, and disposes of it. */
export async function withAnyModel<T>(
  name: string,
  flags: AnyModelFlags,
  { stderr }: CommandStreams,
  use: (opened: AnyModel) => Promise<T>,
): Promise<T> {
  const { pooling, threads } = flags;
  const opened = await openAnyModel(name, ['reranker', 'embedding', 'colbert'], {
    hub: hubOptions(flags, stderr),
    ...onnxOption(flags),
    ...(pooling !== undefined && { pooling }),
    ...(threads !== undefined && { threads }),
  });
  try {
    return await use(opened);
  } finally {
    opened.model.dispose();
  }
}

/** A model that searches. */
export type SearchingModel = Extract<AnyModel, { task: 'embedding' | 'colbert' }>;

/**
 * Uses a model to search.
 * @param kind of what is searched: it decides which of the model's prompts stand before texts
 * @throws ConfigError for what the model refuses, before anything is computed
 */
export async function withRetriever<T>(
  opened: SearchingModel,
  flags: AnyModelFlags,
  kind: CollectionKind,
  use: (retriever: Retriever, prompts: string) => Promise<T>,
): Promise<T> {
  const { batch_size, query_max_len, passage_max_len, threads } = flags;
  const encode = (maxLength: number | undefined) => ({
    ...(batch_size !== undefined && { batchSize: batch_size }),
    ...(maxLength !== undefined && { maxLength }),
  });
  const [queries, documents] = [encode(query_max_len), encode(passage_max_len)];
  if (opened.task === 'colbert') {
    refuseEmbeddingFlags(flags);
    const { model } = opened;
    await checkColbertLengths(model, { queries, documents });
    return use(colbertRetriever(model, { queries, documents }), '');
  }
  const { model } = opened;
  const prompts = promptsOf(model, flags, kind);
  const [asked, read] = [
    { ...queries, prompt: prompts.query },
    { ...documents, prompt: prompts.passage },
  ];
  await checkEmbeddingLengths(model, { queries: asked, documents: read });
  const products = await openRowProducts({
    provider: 'cpu',
    ...(threads !== undefined && { intraOpNumThreads: threads }),
  });
  try {
    const retriever = embeddingRetriever(model, {
      ...{ queries: asked, documents: read, mrlDims: [], product: products.product },
      similarity: flags.similarity ?? similarityOf(model),
    });
    return await use(retriever, prompts.line);
  } finally {
    products.dispose();
  }
}
