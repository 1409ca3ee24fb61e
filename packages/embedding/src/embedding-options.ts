import type { EncoderConfig, OnnxChoice } from '@rag/models';
import type { OpenOptions } from '@rag/runtime';
import type { TokenizerTexts } from '@rag/text';
import type { EmbeddingHead, PoolingMode } from './embedding-head.js';
import type { EmbeddingSettings } from './embedding-settings.js';

export interface FromPretrainedOptions extends OpenOptions {
  /**
   * How a bare checkpoint's token vectors become one, several modes being concatenated; for an encoder "mean" by default, which
   * `fromPretrained` says on the console, while a decoder has to say ("lasttoken"). A directory with modules.json states it itself.
   */
  readonly pooling?: PoolingMode | readonly PoolingMode[];
  /**
   * The adapter that is added to the weights, where the checkpoint carries some by task (jina-embeddings-v3: "retrieval.query",
   * "retrieval.passage", …); without it the weights are those without adapters, as in the published code. Saved are plain weights.
   */
  readonly task?: string;
  /**
   * Opens an ONNX file in place of weights: true, a dtype of transformers.js (`q8`: `onnx/model_quantized.onnx`), or a path in the
   * directory. Left out, the weights are opened, and `onnx/model.onnx` where there are none.
   */
  readonly onnx?: OnnxChoice;
  /** `fromPretrained` replays golden.json and throws GoldenError where tokens or vectors differ from what was saved, and for a narrow ONNX file, since float32's outputs are recorded. */
  readonly verify?: boolean;
}

/** What an embedding model is made of. */
export interface EmbeddingParts {
  readonly config: EncoderConfig;
  readonly tokenizerFiles: TokenizerTexts;
  readonly head: EmbeddingHead;
  readonly settings?: EmbeddingSettings;
  /** Every parameter, float32: the encoder's by its bare name (`embeddings.…`, `encoder.…`), a Dense's as `DenseSpec` says. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The encoder's `pooler.dense.weight` and `.bias`, which no vector depends on: kept so that saving writes them again. */
  readonly pooler?: ReadonlyMap<string, Float32Array>;
}
