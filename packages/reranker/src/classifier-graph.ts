import {
  architectures,
  type EncoderConfig,
  encoderInputTypes,
  noDropout,
  type ParameterSpec,
  parameterRoot,
  parametersOf,
} from '@rag/models';
import { type Graph, trace } from '@rag/onnx';

/** Logits [batch, labels] of a sequence-classification model, for a packed batch. */
export function classifierGraph(config: EncoderConfig, labels: number): Graph {
  const architecture = architectures[config.model_type];
  return trace(encoderInputTypes, (inputs) => ({
    logits: architecture.sequenceClassification(parameterRoot(), config, inputs, labels, noDropout),
  }));
}

/** The parameters of a reranker of this config: what a fresh one has to initialise. */
export const classifierParameters = (config: EncoderConfig): ParameterSpec[] =>
  parametersOf(classifierGraph(config, 1));
