import { bestRows } from './best-rows.js';
import { rangeSteps } from './calibration-ranges.js';
import { bitWords, hammingDistance } from './hamming.js';
import {
  type ByteEmbeddings,
  checkPrecision,
  isBytes,
  type QuantizedEmbeddings,
  quantizeQuery,
} from './quantize-embeddings.js';

export interface SearchQuantizedOptions {
  readonly corpus: QuantizedEmbeddings;
  /** Float32 [dim], as encode gives it; it is quantised like the corpus for the first pass. */
  readonly query: Float32Array;
  /** Rows to find. */
  readonly k: number;
  /**
   * The first pass keeps k × this many rows, which are then scored anew with the query as it is; default 2. 0 leaves the
   * first pass as it is.
   */
  readonly rescoreMultiplier?: number;
  /**
   * What a byte stands for when it is scored anew: itself (`codes`, the default, as sentence-transformers has it), or the
   * middle of its step (`values`), which gives back the dot products of the vectors, nearly. Bits are always `codes`.
   */
  readonly rescoreBy?: 'codes' | 'values';
}

/** A row of the corpus, from 0, and its score; higher is better. */
export interface QuantizedHit {
  readonly index: number;
  readonly score: number;
}

/**
 * The k rows of a quantised corpus that are most similar to a query, best first; equal scores by ascending row, also where
 * the first pass and the list end. Every row is visited. Memory beside the corpus: k × rescoreMultiplier entries of 16 bytes.
 *
 * First pass: bits by Hamming distance, scored as the dot product of the signs ±1, `dim − 2 · distance`; bytes by the dot
 * product of the query's bytes with the row's, in whole numbers. Second pass: the dot product, in float64, of the query with
 * the bits 0 and 1 or the bytes, as sentence-transformers' `semantic_search_faiss` and `semantic_search_usearch`
 * compute it (its util/quantization.py, 6.0.1; https://arxiv.org/abs/2106.00882 for bits). The latter flips the first of
 * every 8 bits of a `binary` corpus when it scores anew; here `binary` and `ubinary` score the same.
 *
 * @returns k hits, or as many as there are rows
 * @throws RangeError for sizes out of range, data that is not `rows` rows of the precision, and a query that does not fit
 */
export function searchQuantized(options: SearchQuantizedOptions): QuantizedHit[] {
  const { corpus, query, k, rescoreMultiplier = 2, rescoreBy = 'codes' } = options;
  checkWhole('k', k, 1);
  checkWhole('rescoreMultiplier', rescoreMultiplier, 0);
  checkCorpus(corpus);
  const codes = quantizeQuery(query, corpus);
  const rescore = rescorer(corpus, query, rescoreBy);
  const found = bestRows(Math.min(k * Math.max(rescoreMultiplier, 1), corpus.rows));
  if (isBytes(corpus)) offerDotProducts(corpus, codes, found.offer);
  else offerSigns(corpus, codes, found.offer);
  const candidates = found.sorted();
  const hits =
    rescoreMultiplier === 0
      ? candidates
      : candidates
          .map(({ row }) => ({ row, score: rescore(row) }))
          .sort((a, b) => b.score - a.score || a.row - b.row);
  return hits.slice(0, k).map(({ row, score }) => ({ index: row, score }));
}

type Offer = (row: number, score: number) => void;

function offerSigns(
  { rows, dim, data }: QuantizedEmbeddings,
  codes: Int8Array | Uint8Array,
  offer: Offer,
): void {
  const words = bitWords(data, codes);
  const width = words.query.length;
  for (let row = 0; row < rows; row++)
    offer(row, dim - 2 * hammingDistance(words.corpus, row * width, words.query));
}

function offerDotProducts(
  { rows, dim, data }: ByteEmbeddings,
  codes: Int8Array | Uint8Array,
  offer: Offer,
): void {
  let at = 0;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += data[at++]! * codes[i]!;
    offer(row, sum);
  }
}

/** Scores a row with the query as it is. */
function rescorer(
  corpus: QuantizedEmbeddings,
  query: Float32Array,
  by: 'codes' | 'values',
): (row: number) => number {
  if (by !== 'codes' && by !== 'values')
    throw new RangeError(
      `searchQuantized: rescoreBy expected codes or values, got ${JSON.stringify(by)} — leave it out`,
    );
  const { data, dim } = corpus;
  if (!isBytes(corpus)) {
    if (by === 'values')
      throw new RangeError(
        `searchQuantized: rescoreBy expected codes for "${corpus.precision}", got values — bits stand for no values`,
      );
    const width = Math.ceil(dim / 8);
    const flip = corpus.precision === 'binary' ? 0x80 : 0;
    return (row) => {
      let sum = 0;
      for (let i = 0; i < dim; i++)
        if ((data[row * width + (i >> 3)]! ^ flip) & (0x80 >> (i & 7))) sum += query[i]!;
      return sum;
    };
  }
  const weights = Float64Array.from(query);
  let offset = 0;
  if (by === 'values') {
    const zero = corpus.precision === 'int8' ? 128 : 0;
    const steps = rangeSteps('searchQuantized', corpus.ranges, dim);
    for (let i = 0; i < dim; i++) {
      weights[i]! *= steps[i]!;
      offset += query[i]! * corpus.ranges.min[i]! + weights[i]! * (zero + 0.5);
    }
  }
  return (row) => {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += weights[i]! * data[row * dim + i]!;
    return sum + offset;
  };
}

function checkCorpus(corpus: QuantizedEmbeddings): void {
  const { precision, rows, dim, data } = corpus;
  checkPrecision('searchQuantized: corpus', precision);
  checkWhole('corpus.rows', rows, 0);
  checkWhole('corpus.dim', dim, 1);
  const bytes = isBytes(corpus);
  const width = bytes ? dim : Math.ceil(dim / 8);
  const kind = precision.startsWith('u') ? Uint8Array : Int8Array;
  if (!(data instanceof kind) || data.length !== rows * width)
    throw new RangeError(
      `searchQuantized: corpus.data expected ${kind.name} of ${rows} rows × ${width}, got ${data?.constructor?.name} of ${data?.length} — check rows, dim and precision`,
    );
  if ('ranges' in corpus !== bytes || (isBytes(corpus) && !corpus.ranges))
    throw new RangeError(
      `searchQuantized: corpus.ranges expected ${bytes ? 'those it was quantised with' : 'none'} for "${precision}", got ${bytes ? 'none' : 'some'} — keep what quantizeEmbeddings returned`,
    );
  if (bytes || dim % 8 === 0) return;
  // The filler behind a vector's last bit would count as differences.
  const filler = 0xff >> (dim % 8);
  for (let row = 1; row <= rows; row++) {
    if ((data[row * width - 1]! & filler) !== 0)
      throw new RangeError(
        `searchQuantized: corpus.data row ${row - 1} expected ${8 * width - dim} zeros behind its ${dim} bits, got others — check dim`,
      );
  }
}

function checkWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(
      `searchQuantized: ${name} expected a whole number from ${least}, got ${value} — pass for example ${least + 10}`,
    );
}
