import type { BlockProduct } from '@rag/eval';
import type { EncodeSettings } from '../encode/progress-note.js';
import { colbertMiner, embeddingMiner, type MiningRetriever } from '../mine/mining-retriever.js';
import { checkColbertLengths, checkEmbeddingLengths, refuseEmbeddingFlags } from './check-lengths.js';
import { similarityOf } from './eval-retrieval-command.js';
import type { AnyModel } from './open-any-model.js';

/** How texts are encoded for mining. */
export interface MiningFlags {
  readonly query_prompt?: string;
  readonly passage_prompt?: string;
  readonly query_max_len?: number;
  readonly passage_max_len?: number;
  readonly similarity?: 'cosine' | 'dot';
  readonly batch_size?: number;
  readonly max_tokens?: number;
}

/**
 * A model as mining asks for it, and what its vectors depend on beside its files.
 * @throws ConfigError for what the model refuses or does not have, before anything is encoded
 */
export async function miningRetriever(
  opened: Extract<AnyModel, { task: 'embedding' | 'colbert' }>,
  flags: MiningFlags,
  product: BlockProduct,
): Promise<{
  readonly retriever: MiningRetriever;
  readonly settings: EncodeSettings;
  /** What stands before texts, as a line; of models that have prompts, or where one was given. */
  readonly prompts?: string;
}> {
  const { batch_size: batchSize, max_tokens: maxTokens, query_max_len, passage_max_len } = flags;
  const batches = {
    ...(batchSize !== undefined && { batchSize }),
    ...(maxTokens !== undefined && { maxTokens }),
  };
  const queries = { ...batches, ...(query_max_len !== undefined && { maxLength: query_max_len }) };
  const documents = { ...batches, ...(passage_max_len !== undefined && { maxLength: passage_max_len }) };
  const given = Object.fromEntries(
    (['query_max_len', 'passage_max_len', 'batch_size', 'max_tokens'] as const)
      .map((key) => [key, flags[key]] as const)
      .filter((entry): entry is [(typeof entry)[0], number] => entry[1] !== undefined),
  );
  if (opened.task === 'colbert') {
    refuseEmbeddingFlags(flags);
    const { model } = opened;
    await checkColbertLengths(model, { queries, documents });
    const [{ dim } = { dim: 1 }] = await model.encodeQueries(['a'], queries);
    return { retriever: colbertMiner(model, { queries, documents, dim }), settings: { ...given, dim } };
  }
  const { model } = opened;
  const similarity = flags.similarity ?? similarityOf(model);
  const dim = Math.min(model.settings.truncate_dim ?? model.dimension, model.dimension);
  const prompts = { query_prompt: flags.query_prompt ?? '', passage_prompt: flags.passage_prompt ?? '' };
  const shown = (text: string) => (text === '' ? 'none' : JSON.stringify(text));
  const isTold =
    Object.keys(model.settings.prompts).length > 0 || prompts.query_prompt + prompts.passage_prompt !== '';
  const line = `prompts: queries ${shown(prompts.query_prompt)}, passages ${shown(prompts.passage_prompt)}, beside prompt_for_query of the rows`;
  const ofQueries = { ...queries, prompt: prompts.query_prompt };
  const ofDocuments = { ...documents, prompt: prompts.passage_prompt };
  await checkEmbeddingLengths(model, { queries: ofQueries, documents: ofDocuments });
  return {
    retriever: embeddingMiner(model, {
      queries: ofQueries,
      documents: ofDocuments,
      similarity,
      dim,
      product,
    }),
    settings: { ...given, ...prompts, similarity, dim },
    ...(isTold && { prompts: line }),
  };
}
