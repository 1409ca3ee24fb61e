import {
  type Dropout,
  type EncoderConfig,
  type EncoderInputs,
  encoderInputTypes,
  noDropout,
  type ParameterPath,
  paddedGraph,
  parameterRoot,
} from '@rag/models';
import { type Graph, trace, type Value } from '@rag/onnx';

/** What gives a packed batch its logits [batch, 1]: a classification head, or a language model's logit of an answer. */
export type Scores = (root: ParameterPath, inputs: EncoderInputs, dropout: Dropout) => Value;

/** `logits` [batch, 1] of a packed batch. */
export const scoresGraph = (scores: Scores): Graph =>
  trace(encoderInputTypes, (inputs) => ({ logits: scores(parameterRoot(), inputs, noDropout) }));

/** `logits` [batch, 1] over padded inputs, as other tools feed them. */
export const paddedScoresGraph = (config: EncoderConfig, scores: Scores): Graph =>
  paddedGraph(config, ({ inputs }) => ({ logits: scores(parameterRoot(), inputs, noDropout) }));
