import type { ColBERT, EncodePassagesOptions, EncodeQueriesOptions } from '@rag/colbert';
import type { Embedding, EncodeOptions } from '@rag/embedding';
import { ConfigError } from '../config/config-error.js';
import { underNames } from '../recipes/open-model.js';

/**
 * Lets a ColBERT model refuse what `--query_max_len` and `--passage_max_len` ask of it, before anything is computed.
 * @param prefix of the flags' names
 * @throws ConfigError
 */
export async function checkColbertLengths(
  model: Pick<ColBERT, 'encodeQueries' | 'encodePassages'>,
  {
    queries,
    documents,
  }: { readonly queries: EncodeQueriesOptions; readonly documents: EncodePassagesOptions },
  prefix = '',
): Promise<void> {
  await underNames({ query_length: `--${prefix}query_max_len` }, () => model.encodeQueries([], queries));
  await underNames({ document_length: `--${prefix}passage_max_len` }, () =>
    model.encodePassages([], documents),
  );
}

/** The same of an embedding model. @throws ConfigError */
export async function checkEmbeddingLengths(
  model: Pick<Embedding, 'encode'>,
  { queries, documents }: { readonly queries: EncodeOptions; readonly documents: EncodeOptions },
  prefix = '',
): Promise<void> {
  await underNames({ maxLength: `--${prefix}query_max_len` }, () => model.encode([], queries));
  await underNames({ maxLength: `--${prefix}passage_max_len` }, () => model.encode([], documents));
}

/** Refuses the flags of embedding models where a ColBERT model was opened. @throws ConfigError */
export function refuseEmbeddingFlags(
  flags: Partial<Record<'query_prompt' | 'passage_prompt' | 'similarity', unknown>>,
): void {
  for (const key of ['query_prompt', 'passage_prompt', 'similarity'] as const)
    if (flags[key] !== undefined)
      throw new ConfigError(
        `--${key}`,
        undefined,
        'expected an embedding model, got a ColBERT model — leave it out',
      );
}
