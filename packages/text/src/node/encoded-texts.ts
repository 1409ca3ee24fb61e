import { TokenizerError } from '../errors.js';
import type { Tokenizer } from '../tokenizer.js';

/** What `Tokenizer.encode` takes. */
export interface EncodeTextOptions {
  /** Default: true. */
  readonly addSpecialTokens?: boolean;
  /** Tokens of a text, special ones included; longer texts lose their end. */
  readonly maxLength?: number;
}

/** One encoded text; `truncated` counts the pieces that were cut. */
export interface EncodedText {
  readonly input_ids: Int32Array;
  readonly token_type_ids: Int32Array;
  readonly truncated: number;
}

/** Encoded texts as they go from one thread to another, without being copied. */
export interface EncodedBuffers {
  /** Of all texts, one behind the other. */
  readonly input_ids: Int32Array<ArrayBuffer>;
  readonly token_type_ids: Int32Array<ArrayBuffer>;
  /** Where each text ends in them. */
  readonly ends: Int32Array<ArrayBuffer>;
  readonly truncated: Int32Array<ArrayBuffer>;
}

/** Encodes texts in their order. @throws what `Tokenizer.encode` throws */
export function encodeTexts(
  tokenizer: Tokenizer,
  texts: readonly string[],
  options: EncodeTextOptions,
): EncodedBuffers {
  const encodings = texts.map((text) => tokenizer.encode(text, options));
  const ends = new Int32Array(texts.length);
  let total = 0;
  for (const [i, { input_ids }] of encodings.entries()) {
    total += input_ids.length;
    ends[i] = total;
  }
  const input_ids = new Int32Array(total);
  const token_type_ids = new Int32Array(total);
  for (const [i, encoding] of encodings.entries()) {
    const start = ends[i]! - encoding.input_ids.length;
    input_ids.set(encoding.input_ids, start);
    token_type_ids.set(encoding.token_type_ids, start);
  }
  return {
    input_ids,
    token_type_ids,
    ends,
    truncated: Int32Array.from(encodings, ({ truncated }) => truncated),
  };
}

/** The texts of buffers: views, nothing is copied. */
export function textsOf({ input_ids, token_type_ids, ends, truncated }: EncodedBuffers): EncodedText[] {
  return Array.from(ends, (end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    return {
      input_ids: input_ids.subarray(start, end),
      token_type_ids: token_type_ids.subarray(start, end),
      truncated: truncated[i]!,
    };
  });
}

/** A TokenizerError as it goes from one thread to another; other errors are cloned with name, message and cause. */
interface PlainTokenizerError {
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  readonly advice: string;
}

/** What a worker posts; `id` is that of the question, 0 stands for opening the tokenizer. */
export type Answer =
  | { readonly id: number; readonly encoded?: EncodedBuffers }
  | { readonly id: number; readonly error: unknown; readonly fields?: PlainTokenizerError };

/** The answer that tells an error. */
export function answerOf(id: number, error: unknown): Answer {
  if (!(error instanceof TokenizerError)) return { id, error };
  const { where, expected, got, advice, cause } = error;
  return { id, error: cause, fields: { where, expected, got, advice } };
}

/** The error that an answer tells, of the class that it had. */
export function errorOf({ error, fields }: Extract<Answer, { error: unknown }>): unknown {
  if (fields === undefined) return error;
  const { where, expected, got, advice } = fields;
  return new TokenizerError(where, expected, got, advice, error === undefined ? {} : { cause: error });
}
