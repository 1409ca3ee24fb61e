import type { EncoderConfig } from '@rag/models';
import type { Driver } from '@rag/runtime';
import type { TokenizerTexts } from '@rag/text';
import type { EmbeddingHead, PoolingMode } from './embedding-head.js';
import type { EmbeddingSettings } from './embedding-settings.js';

/** How a model is opened. */
export interface OpenOptions {
  readonly provider?: 'cpu' | 'cuda';
  /** `node` (default), or `ffi`, which leaves the event loop free while it computes. */
  readonly driver?: Driver;
  /** Threads within one operator. */
  readonly threads?: number;
}

export interface FromPretrainedOptions extends OpenOptions {
  /**
   * How a bare checkpoint's token vectors become one, several modes being concatenated; "mean" by default, which
   * `fromPretrained` says on the console. A directory with modules.json states it itself.
   */
  readonly pooling?: PoolingMode | readonly PoolingMode[];
  /** `fromPretrained` replays golden.json and throws GoldenError where tokens or vectors differ from what was saved. */
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
