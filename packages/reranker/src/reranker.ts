import { architectures, type Checkpoint, ModelKindError, OptionError, parseEncoderConfig } from '@rag/models';
import type { HubOptions } from '@rag/models/node';
import { CrossEncoder } from './cross-encoder.js';
import type { FromPretrainedOptions } from './cross-encoder-options.js';
import { LLMDecoder } from './llm-decoder.js';
import { openPretrained } from './open-pretrained.js';
import type { PairReranker } from './pair-reranker.js';
import { type Question, YesNoReranker } from './yes-no-reranker.js';

/** A reranker of any kind. */
export type Reranker = PairReranker;

/** How a reranker of any kind is opened; what only decoders have is refused of the others. */
export interface RerankerOptions extends FromPretrainedOptions, Question {}

/** Opens rerankers of any kind. */
export const Reranker = {
  /**
   * The reranker that a checkpoint is, by what its config.json states and never by its name: an encoder is a `CrossEncoder`, a decoder for sequence
   * classification an `LLMDecoder`, a causal language model a `YesNoReranker`.
   * @throws ModelKindError for a decoder that states no head; OptionError for an option that its kind does not have; and what the class's own `fromPretrained` throws
   */
  async fromPretrained(idOrDirectory: string, options: RerankerOptions & HubOptions = {}): Promise<Reranker> {
    return openPretrained(idOrDirectory, options, (checkpoint) =>
      openKind(rerankerKind(checkpoint.config, idOrDirectory), checkpoint, options),
    );
  },

  /** The same of a checkpoint of any source. */
  async fromCheckpoint(checkpoint: Checkpoint, options: RerankerOptions = {}): Promise<Reranker> {
    return openKind(rerankerKind(checkpoint.config, 'config.json'), checkpoint, options);
  },
};

/** The class of each kind, and what it is asked with. */
async function openKind(
  kind: RerankerKind,
  checkpoint: Checkpoint,
  options: RerankerOptions,
): Promise<Reranker> {
  const { template, answer, instruction, cutoffLayer, ...others } = options;
  if (kind === 'yes-no') return YesNoReranker.fromCheckpoint(checkpoint, options);
  const answering = { answer, instruction, cutoffLayer };
  for (const [option, value] of Object.entries(answering))
    if (value !== undefined)
      throw new OptionError(
        option,
        `expected a language model that is asked for its answer, got ${kind === 'llm-decoder' ? 'one with a scalar head' : 'an encoder'}`,
        'leave it out',
      );
  if (kind === 'llm-decoder')
    return LLMDecoder.fromCheckpoint(checkpoint, { ...others, ...(template && { template }) });
  const [given] = Object.keys(template ?? {});
  if (given !== undefined)
    throw new OptionError(
      `template.${given}`,
      'expected a decoder, which reads a pair as one text, got an encoder, whose tokenizer says how pairs are written',
      'leave it out',
    );
  return CrossEncoder.fromCheckpoint(checkpoint, others);
}

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
