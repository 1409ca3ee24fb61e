import { DataError } from './data-error.js';

/** Element type of a vector file, little-endian. */
export type VectorDtype = 'float32' | 'float16';

/**
 * `memmap`: float32 rows and nothing else, as RAG-Retrieval writes them; `npy`: NumPy's array file;
 * `ragvec`: header, count and a hash of every row's text.
 */
export type VectorFormat = 'memmap' | 'npy' | 'ragvec';

/** Where the rows of a vector file lie. */
export interface VectorLayout {
  readonly format: VectorFormat;
  readonly rows: number;
  /** Elements per row. */
  readonly width: number;
  readonly dtype: VectorDtype;
  /** Rows from each multiple of this number (a power of two) follow one another without a gap. */
  readonly blockRows: number;
  /** Byte offset of a row's first element. */
  offsetOf(row: number): number;
  /** Byte offset of the 64-bit text hash of the first row of a block; the block's other hashes follow. */
  hashOffsetOf?(block: number): number;
}

/** Widest row accepted, in elements: bounds what a hostile header can make a reader allocate. */
export const maxWidth = 2 ** 20;

export function bytesPerElement(dtype: VectorDtype): number {
  return dtype === 'float32' ? 4 : 2;
}

/** A vector file that cannot be used. */
export function vectorFault(file: string, expected: string, got: string, remedy?: string): DataError {
  return new DataError('unreadable-file', {
    at: { file },
    expected,
    got,
    ...(remedy !== undefined && { remedy }),
  });
}

/** Throws where a header's sizes are none, or beyond what is read. */
export function checkShape(file: string, rows: number, width: number): void {
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw vectorFault(file, 'at least one row and at most 2^53 - 1', String(rows));
  }
  if (!Number.isInteger(width) || width < 1 || width > maxWidth) {
    throw vectorFault(file, `a width from 1 to ${maxWidth}`, String(width));
  }
}

/** Throws where a file is longer or shorter than its header says. */
export function checkSize(file: string, size: number, expected: number, shape: string): void {
  if (size === expected) return;
  const remedy = size < expected ? 'the file was cut short; copy or write it again' : 'write it again';
  throw vectorFault(file, `${expected} bytes for ${shape}`, `${size}`, remedy);
}
