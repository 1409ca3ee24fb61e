import type { Value } from '@rag/onnx';
import type { TensorIndex } from '../checkpoint.js';
import type { EncoderConfig } from '../config.js';
import type { ConfigFile, Kind } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import type { ParameterPath } from '../parameters.js';

/** What an encoder yields for a packed batch, each [tokens, hidden]. */
export interface Encoded {
  readonly hidden: Value;
  /** The embeddings' output and each layer's, the last being `hidden`. */
  readonly hiddenStates: readonly Value[];
}

/** The fields that every architecture has, by the names that BERT's file gives them. */
export type CommonFields = Omit<EncoderConfig, 'model_type' | 'extra'>;

/** How a family's files state a common field, where that is not BERT's way. */
export interface CommonField<T> {
  /** The file's name of it, as in transformers' `attribute_map`. */
  readonly name?: string;
  /** The name that older files give it; such files keep that key beside the new one. */
  readonly older?: string;
  readonly kind?: Kind<T>;
  /** What a file without it means. */
  readonly absent?: T;
  /** The family does not know the field: its value here, which no file holds. */
  readonly fixed?: T;
}

/** How the config.json of a family is read. */
export interface ConfigRules<Config extends EncoderConfig> {
  /** Classes of published code that the family re-implements, by name: what `auto_map` of a file may point at. */
  readonly hubClasses?: RegExp;
  /** Files of another `model_type` that are of this family, told by what else they state. */
  readonly alsoReads?: {
    readonly model_type: string;
    states(json: Readonly<Record<string, unknown>>): boolean;
  };
  /** The `model_type` that the family's files state, where that is another's. */
  readonly statedType?: string;
  /** Keys that the family reads in another spelling than it writes; they are not kept. */
  readonly replaced?: readonly string[];
  readonly common?: { readonly [Field in keyof CommonFields]?: CommonField<CommonFields[Field]> };
  /**
   * The family's own fields under the file's names; undefined where the file may leave one out and does.
   * @throws ConfigError for what the graph cannot do
   */
  own(file: ConfigFile, common: CommonFields): Omit<Config, keyof EncoderConfig>;
}

/** What the layers of one type share, by names that `Stages.layer` reads: masks, rotations. */
export type SharedValues = Readonly<Record<string, Value>>;

/**
 * An encoder in parts that are called one by one, where all layers are one graph: a layer compiled once, from `x`, `shared`, what it reads
 * of `inputs` and its parameters, runs for all of them. `encode` is embed, each layer, finish. All [tokens, hidden].
 */
export interface Stages<Config extends EncoderConfig = EncoderConfig> {
  /** One type per layer, so the length is the number of layers; types differ only in what `shared` gives them. */
  layerTypes(config: Config): readonly string[];
  /** The path of a layer below the encoder's: `layers.0`. */
  layerName(i: number): string;
  embed(path: ParameterPath, config: Config, inputs: EncoderInputs, dropout: Dropout): Value;
  /** Nothing of it depends on parameters. */
  shared(config: Config, type: string, inputs: EncoderInputs): SharedValues;
  /** `path` is the layer's own. */
  layer(
    path: ParameterPath,
    config: Config,
    x: Value,
    shared: SharedValues,
    inputs: EncoderInputs,
    dropout: Dropout,
  ): Value;
  /** The final norm; the identity where a family has none. */
  finish(path: ParameterPath, config: Config, x: Value): Value;
}

/** Where a causal head is asked: rows of [tokens] and ids of the vocabulary, int64 each. */
export interface AskedLogits {
  readonly rows: Value;
  readonly ids: Value;
}

/** Where a layer-wise reranker is asked: rows of [tokens], int64, and how many layers each score is behind. */
export interface AskedLayers {
  readonly rows: Value;
  readonly layers: readonly number[];
}

/** One family, by its `model_type` or the name that it has here: functions that write its graph under Hugging Face's parameter names. */
export interface Architecture<Config extends EncoderConfig = EncoderConfig> {
  /** transformers' `base_model_prefix`: what a task model's file puts before the encoder's names. */
  readonly baseModelPrefix: string;
  /** The parts of a sequence-classification head, outermost first; a bare encoder's file may lack them. */
  readonly headPrefixes: readonly string[];
  /** Modules of other tasks that checkpoints of this family carry, beside the usual ones. */
  readonly otherHeads?: readonly string[];
  /** The entries of `architectures` in config.json, by which transformers opens a model. */
  readonly classNames: {
    readonly encoder: string;
    readonly sequenceClassification: string;
    readonly causalLm?: string;
  };
  /** The dense layer that transformers' encoder class has behind the first token, if it has one; nothing here reads it. */
  readonly encoderPooler?: string;
  /** Tensors of a whole checkpoint that a graph of fewer layers leaves unread. */
  readonly spareTensors?: RegExp;
  /** The prefix that task models of the published code have in place of transformers'. */
  readonly hubPrefix?: string;
  /** Positions are counted from `pad_token_id` + 1, so a sequence has that many fewer. */
  readonly positionsFromPadding?: boolean;
  /** What norms' weights are in a fresh model, where that is not 1. */
  readonly freshNorm?: 0;
  readonly config: ConfigRules<Config>;
  /**
   * The checkpoint's tensors under the names of its parameters, where files keep weights in parts.
   * @throws RangeError for a `task` that the file does not have
   */
  plainTensors?(
    tensors: TensorIndex,
    config: Readonly<Record<string, unknown>>,
    task: string | undefined,
  ): TensorIndex;
  /** The encoder alone; `path` is where its parameters stand. */
  encode(path: ParameterPath, config: Config, inputs: EncoderInputs, dropout: Dropout): Encoded;
  /** `…ForSequenceClassification`: logits [batch, labels]. */
  sequenceClassification(
    root: ParameterPath,
    config: Config,
    inputs: EncoderInputs,
    labels: number,
    dropout: Dropout,
  ): Value;
  /** Its parts, in families whose layers are all the same graph. */
  readonly stages?: Stages<Config>;
  /** `…ForCausalLM` of decoders: logits [rows, ids] at the asked places only. */
  causalLm?(
    root: ParameterPath,
    config: Config,
    inputs: EncoderInputs,
    asked: AskedLogits,
    dropout: Dropout,
  ): Value;
  /**
   * A layer-wise reranker: scores [rows, layers].
   * @throws RangeError for a layer without a head
   */
  layerScores?(
    root: ParameterPath,
    config: Config,
    inputs: EncoderInputs,
    asked: AskedLayers,
    dropout: Dropout,
  ): Value;
}
