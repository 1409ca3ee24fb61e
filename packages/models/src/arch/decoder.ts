import { gather, mul, scope, type Value } from '@rag/onnx';
import type { EncoderConfig } from '../config.js';
import type { Dropout } from '../dropout.js';
import { type EncoderInputs, lastToken } from '../encoder-inputs.js';
import { embedding, linear, rmsNorm } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture, ConfigRules, Encoded, Stages } from './architecture.js';
import { askedLogits } from './causal-head.js';
import { decoderLayer, sharedByLayers } from './decoder-layer.js';
import type { DecoderTraits, LayerType } from './decoder-traits.js';

/** What a decoder family states of itself. */
export interface DecoderFamily<Config extends EncoderConfig> {
  /** What its classes' names begin with: `Qwen2` for `Qwen2ForSequenceClassification`. */
  readonly className: string;
  /** Of the causal language model, where its class has another name. */
  readonly causalLmClass?: string;
  /** What the norms' weights are in a fresh model; default 1. */
  readonly freshNorm?: 0;
  readonly config: ConfigRules<Config>;
  traits(config: Config): DecoderTraits;
}

/** The path of a decoder inside its task models. */
export const DECODER_PREFIX = 'model';

/** A decoder of transformers, which computes a packed batch as an encoder does, without a cache of keys and values. */
export function decoder<Config extends EncoderConfig>(family: DecoderFamily<Config>): Architecture<Config> {
  const { className, traits } = family;
  const stages: Stages<Config> = {
    layerTypes: (config) => traits(config).layerTypes,
    layerName: (i) => `layers.${i}`,
    embed(path, config, { input_ids }) {
      const { vocab_size, hidden_size } = config;
      const words = embedding(path, 'embed_tokens', input_ids, vocab_size, hidden_size);
      const { embeddingScale } = traits(config);
      return embeddingScale === 1 ? words : mul(words, embeddingScale);
    },
    shared: (config, type, inputs) => sharedByLayers(config, traits(config), type as LayerType, inputs),
    layer: (path, config, x, shared, inputs, dropout) =>
      decoderLayer(path, config, traits(config), x, shared, inputs, dropout),
    finish(path, config, x) {
      const { epsilon, normOffset } = traits(config);
      return rmsNorm(path, 'norm', x, epsilon, normOffset);
    },
  };
  const encode = (path: ParameterPath, config: Config, inputs: EncoderInputs, dropout: Dropout) =>
    encodeByStages(stages, path, config, inputs, dropout);
  return {
    baseModelPrefix: DECODER_PREFIX,
    headPrefixes: ['score'],
    classNames: {
      encoder: `${className}Model`,
      sequenceClassification: `${className}ForSequenceClassification`,
      causalLm: family.causalLmClass ?? `${className}ForCausalLM`,
    },
    ...(family.freshNorm === undefined ? {} : { freshNorm: family.freshNorm }),
    config: family.config,
    stages,
    encode,
    sequenceClassification(root, config, inputs, labels, dropout) {
      const { hidden } = module(root, DECODER_PREFIX, (path) => encode(path, config, inputs, dropout));
      return linear(root, 'score', gather(hidden, lastToken(inputs)), labels, false);
    },
    causalLm(root, config, inputs, asked, dropout) {
      const { hidden } = module(root, DECODER_PREFIX, (path) => encode(path, config, inputs, dropout));
      return askedLogits(root, config, traits(config), gather(hidden, asked.rows), asked.ids);
    },
  };
}

/** The whole encoder from its stages: embeddings, layers one after the other, final norm. */
export function encodeByStages<Config extends EncoderConfig>(
  stages: Stages<Config>,
  path: ParameterPath,
  config: Config,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const states = layerStates(stages, path, config, inputs, dropout);
  // As transformers lists them: the last one is after the final norm.
  const hidden = stages.finish(path, config, states.at(-1)!);
  return { hidden, hiddenStates: [...states.slice(0, -1), hidden] };
}

/**
 * The embeddings' output and that of each layer, [tokens, hidden] each, none of them behind the final norm.
 * @param layers how many layers are run; default: all
 */
export function layerStates<Config extends EncoderConfig>(
  stages: Stages<Config>,
  path: ParameterPath,
  config: Config,
  inputs: EncoderInputs,
  dropout: Dropout,
  layers?: number,
): Value[] {
  const types = stages.layerTypes(config).slice(0, layers);
  const shared = scope(
    'attention',
    () => new Map([...new Set(types)].map((type) => [type, stages.shared(config, type, inputs)])),
  );
  const states = [stages.embed(path, config, inputs, dropout)];
  for (const [i, type] of types.entries())
    states.push(
      module(path, stages.layerName(i), (layer) =>
        stages.layer(layer, config, states.at(-1)!, shared.get(type)!, inputs, dropout),
      ),
    );
  return states;
}
