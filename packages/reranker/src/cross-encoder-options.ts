import type { EncoderConfig, OnnxChoice } from '@rag/models';
import type { OpenOptions } from '@rag/runtime';
import type { TokenizerTexts } from '@rag/text';
import type { BatchLimits } from './score-sequences.js';

export interface FromPretrainedOptions extends OpenOptions {
  /**
   * true replaces the head, false forbids a fresh one; by default a head is fresh only where the checkpoint has none of
   * it, which `initialized` lists and `fromPretrained` warns of on the console.
   */
  readonly newHead?: boolean;
  /**
   * Opens an ONNX file in place of weights: true, a dtype of transformers.js (`q8`: `onnx/model_quantized.onnx`), or a path in the
   * directory. Left out, the weights are opened, and `onnx/model.onnx` where there are none.
   */
  readonly onnx?: OnnxChoice;
  /** Seed of a fresh head; 42 by default. */
  readonly seed?: number;
  /** `fromPretrained` replays golden.json and throws GoldenError where tokens or scores differ from what was saved, and for a narrow ONNX file, since float32's outputs are recorded. */
  readonly verify?: boolean;
}

/** How pairs are scored. */
export interface ScoreOptions extends Partial<BatchLimits> {
  /** Tokens of a pair, special ones included; by default the model's `maxLength`. */
  readonly maxLength?: number;
  /** Scores through the logistic function, in (0, 1); logits by default. */
  readonly normalize?: boolean;
  /** Called after each batch with the number of sequences scored so far: one per pair, or per slice. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between batches; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
}

export interface RerankOptions extends ScoreOptions {
  /** How many of the best to return; all by default. */
  readonly topK?: number;
  /** A passage that does not fit is cut at its end (default), or scored in slices of which the best counts. */
  readonly longDocument?: 'truncate' | 'max-slice';
  /** Tokens that neighbouring slices share, at most half a slice; 80 by default. */
  readonly overlap?: number;
}

/** A passage in its place after reranking. */
export interface Ranked {
  /** Where it stood in the list that was given. */
  readonly index: number;
  readonly score: number;
  readonly text: string;
}

/** What a cross-encoder is made of. */
export interface CrossEncoderParts {
  readonly config: EncoderConfig;
  readonly tokenizerFiles: TokenizerTexts;
  /** Every parameter, float32, by its Hugging Face name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}
