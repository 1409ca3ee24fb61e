import { architectures, type Checkpoint, ModelKindError, parseEncoderConfig } from '@rag/models';
import type { HubOptions } from '@rag/models/node';
import { CrossEncoder } from './cross-encoder.js';
import type { FromPretrainedOptions } from './cross-encoder-options.js';
import { LLMDecoder } from './llm-decoder.js';
import { openPretrained } from './open-pretrained.js';
import type { PairReranker } from './pair-reranker.js';
import { YesNoReranker } from './yes-no-reranker.js';

/** A reranker of any kind. */
export type Reranker = PairReranker;

/** Opens rerankers of any kind. */
export const Reranker = {
  /**
   * The reranker that a checkpoint is, by what its config.json states and never by its name: an encoder is a `CrossEncoder`, a decoder for sequence
   * classification an `LLMDecoder`, a causal language model a `YesNoReranker`.
   * @throws ModelKindError for a decoder that states no head; and what the class's own `fromPretrained` throws
   */
  async fromPretrained(
    idOrDirectory: string,
    options: FromPretrainedOptions & HubOptions = {},
  ): Promise<Reranker> {
    return openPretrained(idOrDirectory, options, (checkpoint) =>
      classes[rerankerKind(checkpoint.config, idOrDirectory)].fromCheckpoint(checkpoint, options),
    );
  },

  /** The same of a checkpoint of any source. */
  async fromCheckpoint(checkpoint: Checkpoint, options: FromPretrainedOptions = {}): Promise<Reranker> {
    return classes[rerankerKind(checkpoint.config, 'config.json')].fromCheckpoint(checkpoint, options);
  },
};

/** The class of each kind. */
const classes = {
  'cross-encoder': CrossEncoder,
  'llm-decoder': LLMDecoder,
  'yes-no': YesNoReranker,
} as const;

/** The kinds of rerankers, each with a class of its own. */
export type RerankerKind = 'cross-encoder' | 'llm-decoder' | 'yes-no';

/** The kind that a config.json states. @throws ConfigError; ModelKindError for a decoder that states no head */
export function rerankerKind(json: unknown, where: string): RerankerKind {
  const config = parseEncoderConfig(json);
  const { stages, classNames } = architectures[config.model_type];
  if (!stages) return 'cross-encoder';
  const stated: unknown[] = Array.isArray(config.extra.architectures) ? config.extra.architectures : [];
  if (stated.includes(classNames.sequenceClassification)) return 'llm-decoder';
  if (stated.some((name) => typeof name === 'string' && name.endsWith('ForCausalLM'))) return 'yes-no';
  throw new ModelKindError(
    where,
    `expected "architectures" of config.json to state a head (${classNames.sequenceClassification} or ${classNames.causalLm}), got ${JSON.stringify(stated)}`,
    'open it with LLMDecoder and train its head, or with YesNoReranker',
  );
}
