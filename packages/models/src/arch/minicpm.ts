/**
 * MiniCPM (https://arxiv.org/abs/2404.06395), whose code lies on the hub: Llama with the scales of μP. Its layer-wise form is the
 * reranker BAAI/bge-reranker-v2-minicpm-layerwise, which has a head behind each of its later layers.
 */
import { concat, gather, type Value } from '@rag/onnx';
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, count, flag, positive, whole } from '../config-file.js';
import { linear } from '../layers.js';
import { module } from '../parameters.js';
import type { Architecture, CommonFields } from './architecture.js';
import { DECODER_PREFIX, decoder, layerStates } from './decoder.js';
import { type DecoderConfig, decoderCommon, decoderFields, plainTraits } from './decoder-config.js';
import type { DecoderTraits } from './decoder-traits.js';

export interface MiniCpmConfig extends DecoderConfig {
  readonly attention_bias: boolean | undefined;
  /** What the embeddings are multiplied by. */
  readonly scale_emb: number;
  /** What each part adds is multiplied by this over √layers. */
  readonly scale_depth: number;
  /** The causal head sees hidden states times this over the hidden size. */
  readonly dim_model_base: number;
}

export interface LayerwiseMiniCpmConfig extends MiniCpmConfig {
  /** The first number of layers that has a head. */
  readonly start_layer: number;
  /** Whether each layer has a head of its own. */
  readonly head_multi: boolean;
}

/** The numbers of a file that leaves them out are those of the published code. */
const own = (file: ConfigFile, common: CommonFields): Omit<MiniCpmConfig, keyof EncoderConfig> => ({
  ...decoderFields(file, common),
  attention_bias: file.takeOr('attention_bias', flag, undefined),
  scale_emb: file.takeOr('scale_emb', positive, 1),
  scale_depth: file.takeOr('scale_depth', positive, 1),
  dim_model_base: file.takeOr('dim_model_base', count, 1),
});

function traits(config: MiniCpmConfig): DecoderTraits {
  const { attention_bias = false, num_hidden_layers, hidden_size } = config;
  return {
    ...plainTraits(config),
    bias: { queryKeyValue: attention_bias, output: attention_bias, feedForward: false },
    embeddingScale: config.scale_emb,
    residualScale: config.scale_depth / Math.sqrt(num_hidden_layers),
    logitScale: config.dim_model_base / hidden_size,
    tied: config.tie_word_embeddings ?? true,
  };
}

export const minicpm: Architecture<MiniCpmConfig> = decoder({
  className: 'MiniCPM',
  config: { hubClasses: /^MiniCPM(Config|Model|For\w+)$/, common: decoderCommon, own },
  traits,
});

const { causalLm: _, ...layerwiseDecoder } = decoder<LayerwiseMiniCpmConfig>({
  className: 'LayerWiseMiniCPM',
  config: {
    hubClasses: /^LayerWiseMiniCPM(Config|Model|For\w+)$/,
    statedType: 'minicpm',
    alsoReads: { model_type: 'minicpm', states: (json) => json.start_layer !== undefined },
    common: decoderCommon,
    own(file, common) {
      // Heads over the whole vocabulary: no published reranker has them.
      file.only('head_type', ['simple']);
      const start_layer = file.take('start_layer', whole);
      if (start_layer > common.num_hidden_layers)
        file.refuse('start_layer', `at most "num_hidden_layers" (${common.num_hidden_layers})`, start_layer);
      return { ...own(file, common), start_layer, head_multi: file.takeOr('head_multi', flag, true) };
    },
  },
  traits,
});

export const minicpmLayerwise: Architecture<LayerwiseMiniCpmConfig> = {
  ...layerwiseDecoder,
  spareTensors: /^(lm_head|model\.layers)\.\d+\./,
  layerScores(root, config, inputs, { rows, layers }, dropout) {
    const { start_layer, num_hidden_layers, head_multi } = config;
    const stages = layerwiseDecoder.stages!;
    const wrong = layers.find((n) => !Number.isInteger(n) || n < start_layer || n > num_hidden_layers);
    if (wrong !== undefined || layers.length === 0)
      throw new RangeError(
        `cutoff_layers: expected numbers of layers from ${start_layer} to ${num_hidden_layers}, got ${wrong ?? 'none'} — this model has heads behind those layers`,
      );
    const scores = module(root, DECODER_PREFIX, (path) => {
      const states = layerStates(stages, path, config, inputs, dropout, Math.max(...layers));
      return layers.map((n) => stages.finish(path, config, gather(states[n]!, rows)));
    }).map((state, i): Value => {
      const head = head_multi ? `lm_head.${layers[i]! - start_layer}` : 'lm_head';
      return linear(root, `${head}.linear_head`, state, 1, false);
    });
    return scores.length === 1 ? scores[0]! : concat(scores, 1);
  },
};
