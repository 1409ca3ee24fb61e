import {
  calibrationRanges,
  checkVector,
  type EmbeddingRanges,
  rangeSteps,
  vectorDim,
} from './calibration-ranges.js';

/** What a number of a vector becomes: a byte (`int8`, `uint8`) or a bit (`binary`, `ubinary`). */
export const EMBEDDING_PRECISIONS = ['int8', 'uint8', 'binary', 'ubinary'] as const;

/** One of {@link EMBEDDING_PRECISIONS}, as sentence-transformers spells them. */
export type EmbeddingPrecision = (typeof EMBEDDING_PRECISIONS)[number];

/** Vectors of a byte per number. */
export interface ByteEmbeddings {
  readonly precision: 'int8' | 'uint8';
  readonly rows: number;
  /** Numbers of a vector before quantisation. */
  readonly dim: number;
  /** Row-major [rows, dim]: the step of its range that a number lies in, 0 to 255, less 128 for `int8`. */
  readonly data: Int8Array | Uint8Array;
  /** What queries are quantised with too. */
  readonly ranges: EmbeddingRanges;
  /** Numbers that lay outside the ranges and were moved to their end. */
  readonly clipped: number;
}

/** Vectors of a bit per number. */
export interface BinaryEmbeddings {
  readonly precision: 'binary' | 'ubinary';
  readonly rows: number;
  /** Numbers of a vector before quantisation. */
  readonly dim: number;
  /**
   * Row-major [rows, ⌈dim / 8⌉] in the bit order of numpy.packbits: the first number's sign is the highest bit, 1 where it
   * is > 0; the last byte ends in zeros. `binary` holds these bytes less 128.
   */
  readonly data: Int8Array | Uint8Array;
}

export type QuantizedEmbeddings = ByteEmbeddings | BinaryEmbeddings;

/** What vectors of a precision become. */
export type QuantizedTo<P extends EmbeddingPrecision> = P extends 'int8' | 'uint8'
  ? ByteEmbeddings
  : BinaryEmbeddings;

export interface QuantizeOptions<P extends EmbeddingPrecision = EmbeddingPrecision> {
  readonly precision: P;
  /**
   * For `int8` and `uint8`: each dimension's ends, from {@link calibrationRanges}. By default those of the vectors
   * themselves, which is said on the console when there are fewer than 100.
   */
  readonly ranges?: EmbeddingRanges;
}

/**
 * Float32 vectors [rows][dim] as bytes or bits: a quarter or a 32nd of the memory, `rows · dim` or `rows · ⌈dim / 8⌉` bytes.
 * Every byte is that of sentence-transformers' `quantize_embeddings` on float32 arrays (its util/quantization.py, 6.0.1):
 * `⌊(x − min) / ((max − min) / 255)⌋` in float32, kept within 0 to 255, less 128 for `int8`; `x > 0` for bits.
 *
 * @throws RangeError for no vectors, vectors of different lengths, numbers that are not finite, an unknown precision, and
 *   ranges that do not fit, or beside bits
 */
export function quantizeEmbeddings<P extends EmbeddingPrecision>(
  vectors: readonly Float32Array[],
  options: QuantizeOptions<P>,
): QuantizedTo<P>;
export function quantizeEmbeddings(
  vectors: readonly Float32Array[],
  { precision, ranges }: QuantizeOptions,
): QuantizedEmbeddings {
  const where = 'quantizeEmbeddings';
  checkPrecision(where, precision);
  const dim = vectorDim(where, vectors);
  const rows = vectors.length;
  if (precision === 'int8' || precision === 'uint8') {
    if (ranges === undefined && rows < 100)
      console.warn(
        `${where}: ranges expected from 100 vectors or more, got ${rows} — pass ranges: calibrationRanges(more vectors)`,
      );
    const ends = ranges ?? calibrationRanges(vectors);
    const data = bytesOf(precision, rows * dim);
    const clipped = quantizeBytes(vectors, data, precision, ends, rangeSteps(where, ends, dim));
    return { precision, rows, dim, data, ranges: ends, clipped };
  }
  if (ranges !== undefined)
    throw new RangeError(`${where}: expected no ranges with "${precision}", got some — bits have no ranges`);
  const width = Math.ceil(dim / 8);
  const data = bytesOf(precision, rows * width);
  const flip = precision === 'binary' ? 0x80 : 0;
  for (const [row, vector] of vectors.entries()) {
    for (let byte = 0; byte < width; byte++) {
      let bits = 0;
      // Numbers past the end of a vector are undefined, and undefined > 0 is false: zeros, as numpy.packbits pads.
      for (let i = 0; i < 8; i++) bits = (bits << 1) | (vector[8 * byte + i]! > 0 ? 1 : 0);
      data[row * width + byte] = bits ^ flip;
    }
  }
  return { precision, rows, dim, data };
}

/** Whether a vector's numbers are bytes, not bits. */
export const isBytes = (corpus: QuantizedEmbeddings): corpus is ByteEmbeddings =>
  corpus.precision === 'int8' || corpus.precision === 'uint8';

/** The vector [dim] of a query in the precision and ranges of a corpus. @throws RangeError where it does not fit */
export function quantizeQuery(query: Float32Array, corpus: QuantizedEmbeddings): Int8Array | Uint8Array {
  checkVector('searchQuantized: query', query, corpus.dim);
  const ranges = isBytes(corpus) ? { ranges: corpus.ranges } : {};
  return quantizeEmbeddings([query], { precision: corpus.precision, ...ranges }).data;
}

/** @throws RangeError unless it is one of {@link EMBEDDING_PRECISIONS} */
export function checkPrecision(where: string, precision: unknown): asserts precision is EmbeddingPrecision {
  if (!EMBEDDING_PRECISIONS.includes(precision as EmbeddingPrecision))
    throw new RangeError(
      `${where}: precision expected one of ${EMBEDDING_PRECISIONS.join(', ')}, got ${JSON.stringify(precision)} — float32 vectors need no quantisation`,
    );
}

const bytesOf = (precision: EmbeddingPrecision, length: number): Int8Array | Uint8Array =>
  precision.startsWith('u') ? new Uint8Array(length) : new Int8Array(length);

/** Fills `data` [rows, dim]; returns how many numbers lay outside. */
function quantizeBytes(
  vectors: readonly Float32Array[],
  data: Int8Array | Uint8Array,
  precision: 'int8' | 'uint8',
  { min, max }: EmbeddingRanges,
  steps: Float32Array,
): number {
  const zero = precision === 'int8' ? 128 : 0;
  let at = 0;
  let clipped = 0;
  for (const vector of vectors) {
    for (let i = 0; i < vector.length; i++) {
      const x = vector[i]!;
      if (x < min[i]! || x > max[i]!) clipped++;
      // A dimension of one value has steps of 1; every operation rounds to float32, as NumPy's do.
      const step = Math.floor(Math.fround(Math.fround(x - min[i]!) / (steps[i]! || 1)));
      data[at++] = Math.min(Math.max(step, 0), 255) - zero;
    }
  }
  return clipped;
}
