import type { Value } from '@rag/onnx';
import type { EncoderConfig } from '../config.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import type { ParameterPath } from '../parameters.js';

/** What an encoder yields for a packed batch, each [tokens, hidden]. */
export interface Encoded {
  readonly hidden: Value;
  /** The embeddings' output and each layer's, the last being `hidden`. */
  readonly hiddenStates: readonly Value[];
}

/** One `model_type`: functions that write its graph under Hugging Face's parameter names. */
export interface Architecture {
  /** transformers' `base_model_prefix`: what a task model's file puts before the encoder's names. */
  readonly baseModelPrefix: string;
  /** The parts of a sequence-classification head, outermost first; a bare encoder's file may lack them. */
  readonly headPrefixes: readonly string[];
  /** The encoder alone; `path` is where its parameters stand. */
  encode(path: ParameterPath, config: EncoderConfig, inputs: EncoderInputs, dropout: Dropout): Encoded;
  /** `…ForSequenceClassification`: logits [batch, labels]. */
  sequenceClassification(
    root: ParameterPath,
    config: EncoderConfig,
    inputs: EncoderInputs,
    labels: number,
    dropout: Dropout,
  ): Value;
}
