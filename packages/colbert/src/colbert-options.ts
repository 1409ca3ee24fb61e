import type { EncoderConfig, OnnxChoice } from '@rag/models';
import type { OpenOptions as ModelOptions } from '@rag/runtime';
import type { TokenizerTexts } from '@rag/text';
import type { ColbertSettings } from './colbert-settings.js';
import type { DirectorySettings } from './directory-settings.js';
import type { ProjectionOptions } from './open-weights.js';

/** How a model is opened. */
export interface OpenOptions extends ModelOptions {
  /**
   * Scores as RAG-Retrieval computes them: passages shorter than `maxLength` are padded, and each query token scores at least 0
   * then, since the zero vectors of padding take part in its maximum. By default they do not.
   */
  readonly compat?: boolean;
}

export interface FromPretrainedOptions extends OpenOptions, ProjectionOptions {
  /**
   * Opens an ONNX file in place of weights: true, a dtype of transformers.js (`q8`: `onnx/model_quantized.onnx`), or a path in the
   * directory. Left out, the weights are opened, and `onnx/model.onnx` where there are none.
   */
  readonly onnx?: OnnxChoice;
  /** `fromPretrained` replays golden.json and throws GoldenError where tokens or scores differ from what was saved, and for a narrow ONNX file, since float32's outputs are recorded. */
  readonly verify?: boolean;
}

export interface EncodeOptions {
  /** Most tokens of a text, special ones and the marker included; by default what the model's settings say. */
  readonly maxLength?: number;
  /** Most texts in a batch; 64 by default. */
  readonly batchSize?: number;
  /** Most cells in a batch, texts × longest; by default 1024 on a CPU (`cpu`, `wasm`), 16384 elsewhere. */
  readonly maxTokens?: number;
  /** Called after each batch with the number of texts, or of pairs, done so far. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between batches; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
}

export interface EncodeQueriesOptions extends EncodeOptions {
  /** Put in front of every query, without a separator; by default the settings' `query_instruction`, '' for none. */
  readonly instruction?: string;
}

export interface EncodePassagesOptions extends EncodeOptions {
  /** Keeps one vector in so many, by clustering; 1 (default) keeps all. */
  readonly poolFactor?: number;
  /** How many vectors at the start are not pooled; by default 1 where that is the first special token, 0 where it is masked. */
  readonly protectedTokens?: number;
}

export interface ScoreOptions
  extends Omit<EncodePassagesOptions, 'maxLength'>,
    Pick<EncodeQueriesOptions, 'instruction'> {
  readonly queryLength?: number;
  readonly passageLength?: number;
}

export interface RerankOptions extends ScoreOptions {
  /** How many of the best to return; all by default. */
  readonly topK?: number;
}

/** A passage in its place after reranking. */
export interface Ranked {
  /** Where it stood in the list that was given. */
  readonly index: number;
  readonly score: number;
  readonly text: string;
}

/** What a model that is an ONNX file has beside the file's own weights. */
export interface ColbertFileParts extends Omit<ColbertParts, 'weights' | 'pooler'> {
  /** The output that has the vectors of tokens. */
  readonly output: string;
  /** The projection's parameters that lie beside the file, over `output`; undefined where the file projects. */
  readonly projection?: ReadonlyMap<string, Float32Array>;
}

/** What a ColBERT model is made of. */
export interface ColbertParts {
  readonly config: EncoderConfig;
  readonly settings: ColbertSettings;
  /** What the files that it came in say beside the settings. */
  readonly stated?: DirectorySettings['stated'];
  readonly tokenizerFiles: TokenizerTexts;
  /** Every parameter, float32: the bare encoder's by their Hugging Face names, `linear.weight`, `linear.bias`. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The encoder's `pooler.dense.weight` and `.bias`, which no vector depends on: kept so that saving writes them again. */
  readonly pooler?: ReadonlyMap<string, Float32Array>;
}
