import { ConfigError } from '../config/config-error.js';
import type { EncodeSettings } from '../encode/progress-note.js';
import { colbertRetriever } from '../evaluate/colbert-retriever.js';
import { embeddingRetriever } from '../evaluate/embedding-retriever.js';
import { underNames } from '../recipes/open-model.js';
import type { PairScorer } from '../score/pair-scorer.js';
import { retrieverScorer } from '../score/retriever-scorer.js';
import { checkColbertLengths, checkEmbeddingLengths } from './check-lengths.js';
import { similarityOf } from './eval-retrieval-command.js';
import type { AnyModel } from './open-any-model.js';
import { type TemplateFlags, templateFlagNames } from './template-flags.js';

/** How pairs are scored; what a kind of model does not have is refused under the flag's name. */
export interface PairScoring extends TemplateFlags {
  /** Tokens of a pair, for rerankers; without it as many as the model states. */
  readonly max_len?: number;
  readonly query_max_len?: number;
  readonly passage_max_len?: number;
  readonly query_prompt?: string;
  readonly passage_prompt?: string;
  readonly similarity?: 'cosine' | 'dot';
  readonly batch_size?: number;
  /** Tokens of a batch, padding included. */
  readonly max_tokens?: number;
  /** Through the logistic function, for rerankers. */
  readonly normalize?: boolean;
}

const ofTasks: Readonly<Record<string, readonly AnyModel['task'][]>> = {
  max_len: ['reranker'],
  normalize: ['reranker'],
  query_max_len: ['embedding', 'colbert'],
  passage_max_len: ['embedding', 'colbert'],
  query_prompt: ['embedding'],
  passage_prompt: ['embedding'],
  similarity: ['embedding'],
  ...Object.fromEntries(templateFlagNames.map((name) => [name, ['reranker'] as const])),
};

/**
 * A model as a scorer of pairs, and what its scores depend on beside its files.
 * @param prefix of the flags' names, such as `guard_`
 * @throws ConfigError for what the model refuses or does not have, before anything is scored
 */
export async function pairScorer(
  opened: AnyModel,
  given: PairScoring,
  prefix = '',
): Promise<{ readonly scorer: PairScorer; readonly settings: EncodeSettings }> {
  for (const [key, tasks] of Object.entries(ofTasks)) {
    if (given[key as keyof PairScoring] === undefined || tasks.includes(opened.task)) continue;
    throw new ConfigError(
      `--${prefix}${key}`,
      undefined,
      `expected a model of the task ${tasks.join(' or ')}, got one of ${opened.task} — leave it out`,
    );
  }
  const { batch_size: batchSize, max_tokens: maxTokens, normalize = false } = given;
  const batches = {
    ...(batchSize !== undefined && { batchSize }),
    ...(maxTokens !== undefined && { maxTokens }),
  };
  const settings: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(given)) if (value !== undefined) settings[key] = value;
  const query = lengthOf(given.query_max_len);
  const passage = lengthOf(given.passage_max_len);
  if (opened.task === 'reranker') {
    const { model } = opened;
    const options = { ...batches, normalize, ...lengthOf(given.max_len) };
    await underNames({ maxLength: `--${prefix}max_len` }, () => model.computeScore([], options));
    return {
      settings: { ...settings, max_len: given.max_len ?? model.maxLength, normalize },
      scorer: {
        score: (pairs, { signal } = {}) =>
          model.computeScore(
            pairs.map(({ query: asked, passage: text }) => [asked, text] as const),
            { ...options, ...(signal && { signal }) },
          ),
      },
    };
  }
  if (opened.task === 'colbert') {
    const { model } = opened;
    const retriever = colbertRetriever(model, {
      queries: { ...batches, ...query },
      documents: { ...batches, ...passage },
    });
    await checkColbertLengths(model, { queries: query, documents: passage }, prefix);
    return { settings, scorer: retrieverScorer(retriever) };
  }
  const { model } = opened;
  const similarity = given.similarity ?? similarityOf(model);
  const [query_prompt, passage_prompt] = [given.query_prompt ?? '', given.passage_prompt ?? ''];
  const queries = { ...batches, ...query, prompt: query_prompt };
  const documents = { ...batches, ...passage, prompt: passage_prompt };
  await checkEmbeddingLengths(model, { queries, documents }, prefix);
  return {
    settings: { ...settings, similarity, query_prompt, passage_prompt },
    scorer: retrieverScorer(embeddingRetriever(model, { queries, documents, similarity, mrlDims: [] })),
  };
}

const lengthOf = (maxLength: number | undefined) => (maxLength === undefined ? {} : { maxLength });
