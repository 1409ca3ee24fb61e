import {
  architectures,
  type EncoderConfig,
  encoderInputTypes,
  noDropout,
  parameterRoot,
  trainingDropout,
} from '@rag/models';
import { gather, input, squeeze, type TensorType, type Value } from '@rag/onnx';
import type { Objective } from '@rag/runtime';

/** A loss over single pairs or over groups of passages, as `@rag/losses` gives them. */
export interface RerankerLoss {
  readonly kind: 'pointwise' | 'group';
  /** What the loss takes beside `logits`, by name. */
  readonly inputs: readonly string[];
  apply(inputs: Readonly<Record<string, Value>>): { readonly sum: Value; readonly weight: Value };
}
