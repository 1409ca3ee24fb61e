import { type EncoderConfig, longestSequence } from '../config.js';
import { float32ToFloat16 } from '../float16.js';
import { OnnxFileError } from './onnx-file-error.js';

/** An input or output of a graph, as a session describes it. */
export interface GraphSlot {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** A tensor as plain data. */
export interface PlainTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/** A packed batch by the names of `encoderInputTypes`. */
export type PackedFeeds = Readonly<Record<string, PlainTensor>>;

/** What graphs of transformers, optimum and transformers.js are fed, each [batch, seq]. */
const KNOWN = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'] as const;
type Known = (typeof KNOWN)[number];

type Fed = BigInt64Array | Int32Array | Float32Array | Uint16Array;

/** Element types of inputs, and how they are made of whole numbers. */
const makers = {
  int64: (values: readonly number[]): Fed => BigInt64Array.from(values, BigInt),
  int32: (values: readonly number[]): Fed => Int32Array.from(values),
  float32: (values: readonly number[]): Fed => Float32Array.from(values),
  float16: (values: readonly number[]): Fed => float32ToFloat16(Float32Array.from(values)),
};

/**
 * Refuses a graph that cannot be fed with texts of any length.
 * @throws OnnxFileError naming the input
 */
export function checkFileInputs(path: string, inputs: readonly GraphSlot[]): void {
  const names = inputs.map(({ name }) => name);
  for (const { name, dtype, shape } of inputs) {
    if (!(KNOWN as readonly string[]).includes(name))
      throw new OnnxFileError(
        path,
        `expected inputs out of ${KNOWN.join(', ')}, got also "${name}" (${dtype} [${shape.join(', ')}]) — export the model without it`,
      );
    if (!Object.hasOwn(makers, dtype))
      throw new OnnxFileError(
        path,
        `expected "${name}" of ${Object.keys(makers).join(', ')}, got ${dtype} — export it with int64`,
      );
    if (shape.length > 0 && (shape.length !== 2 || shape.some((size) => typeof size === 'number')))
      throw new OnnxFileError(
        path,
        `expected "${name}" of any batch and length, got [${shape.join(', ')}] — export the model with dynamic axes`,
      );
  }
  for (const needed of ['input_ids', 'attention_mask'])
    if (!names.includes(needed))
      throw new OnnxFileError(
        path,
        `expected an input "${needed}", got ${names.join(', ') || 'none'} — is this a text encoder?`,
      );
}

/** A packed batch as padded blocks, and the way back. */
export interface PaddedFeeds {
  readonly feeds: Record<
    string,
    { readonly dtype: keyof typeof makers; readonly shape: readonly number[]; readonly data: Fed }
  >;
  readonly batch: number;
  /** Columns: the longest sequence, without the filler of the packed batch. */
  readonly seq: number;
  /** Rows [tokens, width] of the packed batch from cells [batch, seq, width]; filler rows are of padding or zero. */
  rows(cells: Float32Array, width: number): Float32Array;
}

/**
 * The inputs that a graph asks for, [batch, seq], padded at the end with the filler's id. `position_ids` count from 0, or for models
 * that keep the first rows of their table for padding (RoBERTa) from there, as transformers makes them.
 */
export function paddedFeeds(
  inputs: readonly GraphSlot[],
  packed: PackedFeeds,
  config: Pick<EncoderConfig, 'model_type' | 'max_position_embeddings' | 'pad_token_id'>,
): PaddedFeeds {
  const { input_ids, token_type_ids, position_ids, attention_mask, block_index, token_index } = packed as {
    readonly [name: string]: PlainTensor;
  };
  const [batch, columns] = block_index!.shape as [number, number];
  const seq = 1 + Array.from(position_ids!.data, Number).reduce((most, place) => Math.max(most, place), 0);
  const skipped = config.max_position_embeddings - longestSequence(config);
  const cells = <T>(of: (row: number, cell: number, column: number) => T): T[] =>
    Array.from({ length: batch * seq }, (_, i) => {
      const [row, column] = [Math.floor(i / seq), i % seq];
      const cell = row * columns + column;
      return of(Number(block_index!.data[cell]), cell, column);
    });
  const values: { readonly [Name in Known]: () => number[] } = {
    input_ids: () => cells((row) => Number(input_ids!.data[row])),
    attention_mask: () => cells((_, cell) => Number(attention_mask!.data[cell])),
    token_type_ids: () => cells((row) => Number(token_type_ids!.data[row])),
    position_ids: () =>
      cells((row, _, column) => {
        if (skipped === 0) return column;
        // A padding cell beyond the first column reads a row of place 0.
        return Number(position_ids!.data[row]) === column ? skipped + column : skipped - 1;
      }),
  };
  const feeds: PaddedFeeds['feeds'] = {};
  for (const { name, dtype } of inputs)
    feeds[name] = {
      dtype: dtype as keyof typeof makers,
      shape: [batch, seq],
      data: makers[dtype as keyof typeof makers](values[name as Known]()),
    };
  return {
    feeds,
    batch,
    seq,
    rows(found, width) {
      const rows = new Float32Array(input_ids!.shape[0]! * width);
      for (let row = 0; row < input_ids!.shape[0]!; row++) {
        const cell = Number(token_index!.data[row]);
        const [at, column] = [Math.floor(cell / columns), cell % columns];
        if (column >= seq) continue;
        const from = (at * seq + column) * width;
        rows.set(found.subarray(from, from + width), row * width);
      }
      return rows;
    },
  };
}
