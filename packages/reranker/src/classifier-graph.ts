import { architectures, type EncoderConfig, type ParameterSpec, parametersOf } from '@rag/models';
import type { Graph } from '@rag/onnx';
import { type Scores, scoresGraph } from './score-model.js';

/** Logits [batch, labels] of a sequence-classification head. */
export const classifierScores =
  (config: EncoderConfig, labels = 1): Scores =>
  (root, inputs, dropout) =>
    architectures[config.model_type].sequenceClassification(root, config, inputs, labels, dropout);

/** Logits [batch, labels] of a sequence-classification model, for a packed batch. */
export const classifierGraph = (config: EncoderConfig, labels: number): Graph =>
  scoresGraph(classifierScores(config, labels));

/** The parameters of a reranker of this config: what a fresh one has to initialise. */
export const classifierParameters = (config: EncoderConfig): ParameterSpec[] =>
  parametersOf(classifierGraph(config, 1));
