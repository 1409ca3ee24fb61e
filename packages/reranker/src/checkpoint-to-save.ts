import {
  type EncoderConfig,
  encoderConfigToJson,
  longestSequence,
  type ParameterSpec,
  type TensorToWrite,
} from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { completeTokenizerFiles, type TokenizerTexts } from '@rag/text';

/** A model as it is saved: what it is made of, its weights read one by one. */
export interface RerankerToSave {
  /** Of a classifier with one label. */
  readonly config: EncoderConfig;
  readonly tokenizerFiles: TokenizerTexts;
  readonly parameters: readonly ParameterSpec[];
  /** float32 elements of a parameter. */
  read(name: string): Promise<Float32Array>;
}

/** The directory of a model, as transformers writes it. */
export function rerankerCheckpoint({
  config,
  tokenizerFiles,
  parameters,
  read,
}: RerankerToSave): CheckpointToSave {
  const use = { maxLength: longestSequence(config), tokenTypes: config.type_vocab_size > 1 };
  return {
    config: encoderConfigToJson(config),
    files: { ...completeTokenizerFiles(tokenizerFiles, use) },
    tensors: parameters.map(({ name, shape }): TensorToWrite => ({ name, shape, data: () => read(name) })),
  };
}
