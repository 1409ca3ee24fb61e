import {
  architectures,
  type Checkpoint,
  type EncoderConfig,
  heldInMemory,
  OptionError,
  parseEncoderConfig,
  RERANKER_CONFIG,
} from '@rag/models';
import type { HubOptions } from '@rag/models/node';
import { chooseProvider, type OpenOptions, readsFiles, sessionOptions } from '@rag/runtime';
import { answerScores, headLayers, layerwiseScores } from './answer-scores.js';
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
import { bgeTemplate, qwen3Template, withInstruction } from './pair-template.js';
import {
  type AnswerTokens,
  type RerankerConfig,
  rerankerConfig,
  rerankerConfigText,
  type StatedRerankerConfig,
  statedLength,
  statedRerankerConfig,
} from './reranker-config.js';
import { statedByModules } from './stated-by-modules.js';

/** How a yes/no reranker asks and what it takes for an answer; over what its checkpoint states, or its family's way where that says nothing. */
export interface Question extends Pick<StatedRerankerConfig, 'template' | 'answer'> {
  /** Layers of a layer-wise model that are computed, of which the last one's head scores; all by default. */
  readonly cutoffLayer?: number;
  /**
   * Of a model that asks as its family does: the instruction of Qwen3-Reranker, the prompt of FlagEmbedding's rerankers; over that which its
   * files state.
   */
  readonly instruction?: string;
}

export interface YesNoOptions extends Omit<FromPretrainedOptions, 'newHead' | 'seed'>, Question {}

/** What a yes/no reranker is made of. */
export interface YesNoParts extends CrossEncoderParts, Question {}

/**
 * A causal language model that is asked whether a passage answers a query; its score is the logit of its answer (bge-reranker-v2-gemma,
 * Qwen3-Reranker; https://arxiv.org/abs/2506.05176).
 */
export class YesNoReranker extends PairReranker {
  /**
   * Opens a checkpoint by its directory or, in Node, by its name on the hub; see `CrossEncoder.fromPretrained`. How it asks is what its
   * reranker_config.json says, or its modules of sentence-transformers with their chat template, or its family's way: Qwen3-Reranker's for
   * `qwen3`, FlagEmbedding's for all others.
   * @throws as `CrossEncoder.fromPretrained`; OptionError for a template or an answer that is none
   */
  static async fromPretrained(
    idOrDirectory: string,
    options: YesNoOptions & HubOptions = {},
  ): Promise<YesNoReranker> {
    return openPretrained(idOrDirectory, options, (checkpoint) =>
      YesNoReranker.fromCheckpoint(checkpoint, options),
    );
  }

  /** Opens a checkpoint of any source, as `fromPretrained`. */
  static async fromCheckpoint(given: Checkpoint, asked: YesNoOptions = {}): Promise<YesNoReranker> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const checkpoint = readsFiles(sessionOptions(options)) ? given : heldInMemory(given);
    const config = causalConfig(parseEncoderConfig(checkpoint.config));
    const tokenizer = openModelTokenizer(config, checkpoint.tokenizerFiles);
    const stated =
      (await statedRerankerConfig(checkpoint.source)) ??
      (await statedByModules(checkpoint.source, tokenizer));
    if (options.cutoffLayer !== undefined && checkpoint.onnx !== undefined)
      throw new OptionError(
        'cutoffLayer',
        `expected weights, of which fewer layers can be computed, got the ONNX file ${checkpoint.onnx}`,
        'leave it out',
      );
    const parts = yesNoParts(config, tokenizer, stated ?? {}, options);
    const opened = await openRerankerCheckpoint(checkpoint, parts, { ...options, newHead: false });
    return new YesNoReranker(opened, options.provider, given.source);
  }

  /** A model whose parameters are in memory, as `CrossEncoder.fromParts`. */
  static async fromParts(
    { config, tokenizerFiles, weights, ...question }: YesNoParts,
    asked: OpenOptions = {},
  ): Promise<YesNoReranker> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const causal = causalConfig(config);
    const parts = yesNoParts(causal, openModelTokenizer(causal, tokenizerFiles), {}, question);
    const opened = await openRerankerParts(parts, { tokenizerFiles, weights }, options);
    return new YesNoReranker(opened, options.provider);
  }
}

/** How the families of published rerankers ask. */
const askedBy = ({ model_type }: EncoderConfig) =>
  model_type === 'qwen3'
    ? { template: qwen3Template, answer: { true_token: 'yes', false_token: 'no' } }
    : { template: bgeTemplate, answer: { true_token: 'Yes' } };

type CompleteConfig = RerankerConfig & { readonly answer: AnswerTokens };

function yesNoParts(
  config: EncoderConfig,
  tokenizer: RerankerParts['tokenizer'],
  stated: StatedRerankerConfig,
  { instruction, template, answer, cutoffLayer }: Question,
): RerankerParts {
  const family = askedBy(config);
  const defaults: CompleteConfig = { template: family.template(), answer: family.answer };
  const own = rerankerConfig(stated, defaults, RERANKER_CONFIG);
  const told =
    instruction === undefined
      ? own
      : { ...own, template: withInstruction(own.template, family.template, instruction, template) };
  const asked = rerankerConfig({ ...(template && { template }), ...(answer && { answer }) }, told, 'options');
  return {
    config,
    tokenizer,
    ...scoresOf(config, tokenizer, asked.answer, cutoffLayer),
    encoder: (maxLength, cuts) =>
      decoderEncoder(tokenizer, config, asked.template, maxLength, undefined, cuts),
    ...statedLength(asked, config),
    files: { [RERANKER_CONFIG]: rerankerConfigText(asked) },
  };
}

/** By the answer's logit, or by the head of a layer. @throws OptionError for a layer without one, and for a model that has one head */
function scoresOf(
  config: EncoderConfig,
  tokenizer: RerankerParts['tokenizer'],
  answer: AnswerTokens,
  cutoffLayer?: number,
): Pick<RerankerParts, 'scores' | 'whole'> {
  const byLayer = layerwiseScores(config);
  if (byLayer) {
    const layers = headLayers(config);
    if (cutoffLayer !== undefined && !layers.includes(cutoffLayer))
      throw new OptionError(
        'cutoffLayer',
        `expected the number of a layer that has a head, from ${layers[0]} to ${layers.at(-1)}, got ${cutoffLayer}`,
        'choose one of these',
      );
    return { scores: byLayer([cutoffLayer ?? layers.at(-1)!]), whole: byLayer(layers) };
  }
  if (cutoffLayer !== undefined)
    throw new OptionError(
      'cutoffLayer',
      `expected a layer-wise model, with a head behind each of its later layers, got "model_type" "${config.model_type}"`,
      'leave it out',
    );
  return { scores: answerScores(config, tokenizer, answer) };
}

/** The config under the class name and the dtype that the model is saved with. */
function causalConfig(config: EncoderConfig): EncoderConfig {
  const { extra, ...fields } = config;
  const stated = ['dtype', 'torch_dtype'].filter((key) => key in extra).map((key) => [key, 'float32']);
  const name = architectures[config.model_type].classNames.causalLm;
  return {
    ...fields,
    extra: { ...extra, ...Object.fromEntries(stated), ...(name && { architectures: [name] }) },
  };
}
