import {
  architectures,
  type EncoderConfig,
  encoderInputTypes,
  noDropout,
  type ParameterSpec,
  paddedGraph,
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

/** `logits` [batch, 1] over padded inputs, as other tools feed them. */
export const paddedClassifierGraph = (config: EncoderConfig): Graph =>
  paddedGraph(config, ({ inputs }) => ({
    logits: architectures[config.model_type].sequenceClassification(
      parameterRoot(),
      config,
      inputs,
      1,
      noDropout,
    ),
  }));

/** The parameters of a reranker of this config: what a fresh one has to initialise. */
export const classifierParameters = (config: EncoderConfig): ParameterSpec[] =>
  parametersOf(classifierGraph(config, 1));
