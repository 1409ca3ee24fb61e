import {
  architectures,
  type Checkpoint,
  type EncoderConfig,
  heldInMemory,
  ModelKindError,
  RERANKER_CONFIG,
} from '@rag/models';
import type { HubOptions } from '@rag/models/node';
import { chooseProvider, type OpenOptions, readsFiles, sessionOptions } from '@rag/runtime';
import type { TokenizerTexts } from '@rag/text';
import { classifierConfig, readClassifierConfig } from './classifier-config.js';
import { classifierScores } from './classifier-graph.js';
import type { CrossEncoderParts, FromPretrainedOptions } from './cross-encoder-options.js';
import { decoderEncoder } from './decoder-encoder.js';
import { openPretrained } from './open-pretrained.js';
import {
  openModelTokenizer,
  openRerankerCheckpoint,
  openRerankerParts,
  type RerankerParts,
} from './open-reranker.js';
import { PairReranker } from './pair-reranker.js';
import { type PairTemplate, readPairTemplate, SCALAR_TEMPLATE } from './pair-template.js';
import {
  type RerankerConfig,
  rerankerConfig,
  rerankerConfigText,
  statedLength,
  statedRerankerConfig,
} from './reranker-config.js';

export interface LLMDecoderOptions extends FromPretrainedOptions {
  /** How pairs are written; over that of the checkpoint's reranker_config.json, or of RAG-Retrieval's defaults where it has none. */
  readonly template?: Partial<PairTemplate>;
}

/** What an LLM decoder is made of. */
export interface LLMDecoderParts extends CrossEncoderParts {
  readonly template?: Partial<PairTemplate>;
}

/**
 * A language model with a scalar head at the last token (`LLMDecoder` of RAG-Retrieval, `…ForSequenceClassification` of transformers).
 * Trailing tokens of the template that are the model's padding are not read, as transformers looks for the last token that is none.
 */
export class LLMDecoder extends PairReranker {
  /**
   * Opens a checkpoint by its directory or, in Node, by its name on the hub; see `CrossEncoder.fromPretrained`. A checkpoint of Python does not
   * say how its pairs were written: pass the `template` it was trained with.
   * @throws as `CrossEncoder.fromPretrained`; OptionError for a template that is none
   */
  static async fromPretrained(
    idOrDirectory: string,
    options: LLMDecoderOptions & HubOptions = {},
  ): Promise<LLMDecoder> {
    return openPretrained(idOrDirectory, options, (checkpoint) =>
      LLMDecoder.fromCheckpoint(checkpoint, options),
    );
  }

  /** Opens a checkpoint of any source, as `fromPretrained`. */
  static async fromCheckpoint(given: Checkpoint, asked: LLMDecoderOptions = {}): Promise<LLMDecoder> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const checkpoint = readsFiles(sessionOptions(options)) ? given : heldInMemory(given);
    const config = readClassifierConfig(checkpoint.config, options.newHead);
    const stated = await statedRerankerConfig(checkpoint.source);
    const own = rerankerConfig(stated ?? {}, DEFAULTS, RERANKER_CONFIG);
    const parts = llmDecoderParts(config, checkpoint.tokenizerFiles, {
      ...own,
      template: laidOver(own.template, options.template),
    });
    const assumed = stated?.template || options.template ? {} : { assumed: ASSUMED };
    const opened = await openRerankerCheckpoint(checkpoint, { ...parts, ...assumed }, options);
    return new LLMDecoder(opened, options.provider, given.source);
  }

  /** A model whose parameters are in memory, as `CrossEncoder.fromParts`. */
  static async fromParts(
    { config, tokenizerFiles, weights, template }: LLMDecoderParts,
    asked: OpenOptions = {},
  ): Promise<LLMDecoder> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const parts = llmDecoderParts(classifierConfig(config), tokenizerFiles, {
      template: laidOver(SCALAR_TEMPLATE, template),
    });
    const opened = await openRerankerParts(parts, { tokenizerFiles, weights }, options);
    return new LLMDecoder(opened, options.provider);
  }
}

const DEFAULTS: RerankerConfig = { template: SCALAR_TEMPLATE };

/** Checkpoints of Python do not say how their pairs were written. */
const ASSUMED = `expected reranker_config.json or the option template, got neither, so pairs are written as RAG-Retrieval does by default — if the model was trained with another template, write it into that file as ${JSON.stringify({ template: SCALAR_TEMPLATE })}, or pass the option`;

const laidOver = (template: PairTemplate, given: Partial<PairTemplate> = {}): PairTemplate =>
  readPairTemplate(given, template, 'template');

function llmDecoderParts(
  stated: EncoderConfig,
  tokenizerFiles: TokenizerTexts,
  { template, max_len }: Pick<RerankerConfig, 'template' | 'max_len'>,
): RerankerParts {
  if (!architectures[stated.model_type].stages)
    throw new ModelKindError(
      'config.json',
      `expected a decoder for LLMDecoder, got "model_type" "${stated.model_type}"`,
      'open it with CrossEncoder',
    );
  const config = withPadding(stated);
  const tokenizer = openModelTokenizer(config, tokenizerFiles);
  return {
    config,
    tokenizer,
    scores: classifierScores(config),
    encoder: (maxLength, cuts) =>
      decoderEncoder(tokenizer, config, template, maxLength, config.pad_token_id ?? undefined, cuts),
    ...statedLength({ max_len }, config),
    files: { [RERANKER_CONFIG]: rerankerConfigText({ template, ...(max_len !== undefined && { max_len }) }) },
  };
}

/** transformers needs to know padding to find the last token of a batch's sequences; as RAG-Retrieval, the end of a text pads where nothing else does. */
function withPadding(config: EncoderConfig): EncoderConfig {
  const { eos_token_id } = config.extra;
  const [eos] = Array.isArray(eos_token_id) ? eos_token_id : [eos_token_id];
  return typeof eos === 'number' && config.pad_token_id === null ? { ...config, pad_token_id: eos } : config;
}
