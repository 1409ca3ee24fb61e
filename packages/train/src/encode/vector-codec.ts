import { arrayCodecs } from './array-codecs.js';
import type { InputRow } from './input-row.js';
import { jsonlCodec } from './jsonl-codec.js';

/** What vectors are written as. */
export const vectorFormats = ['npy', 'safetensors', 'jsonl', 'ragvec'] as const;
export type OutputFormat = (typeof vectorFormats)[number];

/** How a file of one format is made of a header, whose length does not depend on the count, and of rows behind it. */
export interface VectorCodec {
  /**
   * Rows that are encoded together: each call but the last is for a multiple of this, a power of two, so that the bytes of
   * a file do not depend on how its rows were divided among calls.
   */
  readonly group: number;
  /** The header of a file of so many rows. */
  header(rows: number): Uint8Array;
  /** Bytes of rows, vectors [rows, width]; RangeError for elements that are not finite. */
  encode(rows: readonly InputRow[], vectors: Float32Array): Promise<Uint8Array>;
}

/** The codec of a format for vectors of `width` elements, float32. */
export function vectorCodec(format: OutputFormat, width: number): Promise<VectorCodec> {
  return format === 'jsonl' ? Promise.resolve(jsonlCodec(width)) : arrayCodecs[format](width);
}

/** The format that a file's name ends in. */
export function formatOfName(name: string): OutputFormat | undefined {
  return vectorFormats.find((format) => name.toLowerCase().endsWith(`.${format}`));
}
