import {
  architectures,
  type EncoderConfig,
  lastToken,
  ModelKindError,
  OptionError,
  type ParameterSpec,
  parametersOf,
} from '@rag/models';
import { constant, split, sub, type Value } from '@rag/onnx';
import type { Tokenizer } from '@rag/text';
import type { AnswerTokens } from './reranker-config.js';
import { type Scores, scoresGraph } from './score-model.js';

/**
 * The logit of the answer at the last token: that of `true_token`, less that of `false_token` where there is one, so that its logistic function is
 * the probability of the one against the other. Nothing of the size of the vocabulary is computed.
 * @throws ModelKindError for a model that is no causal language model; OptionError for a token that is none of its own
 */
export function answerScores(config: EncoderConfig, tokenizer: Tokenizer, answer: AnswerTokens): Scores {
  causalLmOf(config);
  const ids = (['true_token', 'false_token'] as const).flatMap((key) =>
    answer[key] === undefined ? [] : [tokenId(tokenizer, answer[key], `answer.${key}`)],
  );
  const logits = logitsOf(config, ids);
  return (root, inputs, dropout) => {
    const asked = logits(root, inputs, dropout);
    if (ids.length === 1) return asked;
    const [yes, no] = split(asked, [1, 1], 1) as [Value, Value];
    return sub(yes, no);
  };
}

/** The logits of tokens at the last token, [batch, ids]. */
function logitsOf(config: EncoderConfig, ids: readonly number[]): Scores {
  const causalLm = causalLmOf(config);
  return (root, inputs, dropout) =>
    causalLm(root, config, inputs, { rows: lastToken(inputs), ids: constant(ids, 'int64') }, dropout);
}

function causalLmOf({ model_type }: EncoderConfig) {
  const { causalLm } = architectures[model_type];
  if (!causalLm)
    throw new ModelKindError(
      'config.json',
      `expected a causal language model, got "model_type" "${model_type}"`,
      'open it with CrossEncoder',
    );
  return causalLm;
}

function tokenId(tokenizer: Tokenizer, token: string | number, where: string): number {
  const ids = typeof token === 'number' ? [token] : tokenizer.encodePieces(token);
  const [id] = ids;
  const isOne = ids.length === 1 && Number.isInteger(id) && id! >= 0 && id! < tokenizer.vocabSize;
  if (id === undefined || !isOne || id === tokenizer.unkId)
    throw new OptionError(
      where,
      `expected one token of the model's ${tokenizer.vocabSize}, got ${JSON.stringify(token)}, which is ${ids.length === 1 ? 'none of them' : `${ids.length} tokens (${ids.join(', ')})`}`,
      'name another, by its text or its id',
    );
  return id;
}

/**
 * The scores of a layer-wise reranker at the last token, [batch, layers]: each of its later layers has a head of its own
 * (bge-reranker-v2-minicpm-layerwise). Layers behind the last one asked are not computed. undefined for any other model.
 */
export function layerwiseScores(config: EncoderConfig): ((layers: readonly number[]) => Scores) | undefined {
  const { layerScores } = architectures[config.model_type];
  return (
    layerScores &&
    ((layers) => (root, inputs, dropout) =>
      layerScores(root, config, inputs, { rows: lastToken(inputs), layers }, dropout))
  );
}

/** The numbers of layers of a layer-wise reranker that have a head. */
export const headLayers = (config: EncoderConfig & { readonly start_layer?: number }): number[] => {
  const { start_layer = config.num_hidden_layers, num_hidden_layers } = config;
  return Array.from({ length: num_hidden_layers - start_layer + 1 }, (_, i) => start_layer + i);
};

/** The parameters of a yes/no reranker of this config, whatever its answers: what a fresh one has to initialise. */
export function causalParameters(config: EncoderConfig): ParameterSpec[] {
  const scores = layerwiseScores(config)?.(headLayers(config)) ?? logitsOf(config, [0]);
  return parametersOf(scoresGraph(scores));
}
