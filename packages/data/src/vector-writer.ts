import type { ByteSink } from './byte-sink.js';
import { narrowHalf } from './half-float.js';
import { npyHeader } from './npy.js';
import { ragvecBlockRows, ragvecHeader } from './ragvec.js';
import { textHash } from './text-hash.js';
import { bytesPerElement, maxWidth, type VectorDtype, type VectorFormat } from './vector-layout.js';

export interface VectorWriterOptions {
  /** Elements per row. */
  readonly width: number;
  readonly format: VectorFormat;
  /** Element type in the file; `memmap` has float32 only. @default 'float32' */
  readonly dtype?: VectorDtype;
}

/** Appends windows of vectors to a sink; calls must be awaited one after another. */
export interface VectorWriter {
  /** Rows appended so far. */
  readonly rows: number;
  /**
   * Appends rows, [rows, width]. `texts` are what the rows were made from, one each: `ragvec` needs them and stores
   * their hashes, the other formats have no place for them. Throws RangeError, naming row and element, for lengths
   * that do not agree and for values that the file cannot hold.
   */
  append(vectors: Float32Array, texts?: readonly string[]): Promise<void>;
  /** Writes what is held, sets the count and closes the sink; discards the file where that fails or no row came. */
  close(): Promise<void>;
  /** Discards the file. */
  abort(): Promise<void>;
}

/** Little-endian bytes of a window; RangeError for what is not finite, or not within float16. */
function encode(name: string, vectors: Float32Array, firstRow: number, width: number, dtype: VectorDtype) {
  const codes = dtype === 'float16' ? narrowHalf(vectors) : undefined;
  const bad = vectors.findIndex(
    (value, i) => !Number.isFinite(value) || (codes !== undefined && (codes[i]! & 0x7fff) === 0x7c00),
  );
  if (bad >= 0) {
    const where = `${name}: row ${firstRow + Math.floor(bad / width)}, element ${bad % width}`;
    throw new RangeError(`${where}: expected a finite ${dtype}, got ${vectors[bad]}`);
  }
  const elements = codes ?? vectors;
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/**
 * Starts a vector file on a sink, in any format that `openTeacherVectors` reads. Memory: one block of at most 4 MiB
 * (a row if that is more) for `ragvec`, nothing for the others. The count is set on closing, so that a file whose
 * writer died is refused by the reader (`memmap` cannot show it: there the sink's temporary name has to).
 */
export function vectorWriter(sink: ByteSink, options: VectorWriterOptions): VectorWriter {
  const { width, format, dtype = 'float32' } = options;
  if (!Number.isInteger(width) || width < 1 || width > maxWidth) {
    throw new RangeError(`${sink.name}: expected a width from 1 to ${maxWidth}, got ${width}`);
  }
  if (format === 'memmap' && dtype !== 'float32') {
    throw new RangeError(`${sink.name}: expected float32 for a file without a header, got ${dtype}`);
  }
  const header = (rows?: number): Uint8Array | undefined => {
    if (format === 'npy') return npyHeader(rows ?? 0, width, dtype);
    return format === 'ragvec' ? ragvecHeader(rows, width, dtype) : undefined;
  };
  const rowBytes = width * bytesPerElement(dtype);
  const blockRows = ragvecBlockRows(width, dtype);
  const blockHashes = new BigUint64Array(format === 'ragvec' ? blockRows : 0);
  const blockVectors = new Uint8Array(format === 'ragvec' ? blockRows * rowBytes : 0);
  let [rows, held, started] = [0, 0, false];

  const start = async () => {
    const head = header();
    if (!started && head !== undefined) await sink.write(head);
    started = true;
  };
  const flush = async () => {
    await sink.write(new Uint8Array(blockHashes.buffer, 0, held * 8));
    await sink.write(blockVectors.subarray(0, held * rowBytes));
    held = 0;
  };
  return {
    get rows() {
      return rows;
    },
    async append(vectors, texts) {
      const count = vectors.length / width;
      if (!Number.isInteger(count)) {
        throw new RangeError(`${sink.name}: expected rows of width ${width}, got ${vectors.length} elements`);
      }
      if (texts === undefined ? format === 'ragvec' : texts.length !== count) {
        throw new RangeError(
          `${sink.name}: expected ${count} texts (one per row), got ${texts?.length ?? 'none'}`,
        );
      }
      const bytes = encode(sink.name, vectors, rows, width, dtype);
      await start();
      if (format !== 'ragvec') await sink.write(bytes);
      else {
        for (let row = 0; row < count; row++) {
          blockHashes[held] = textHash(texts![row]!);
          blockVectors.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), held * rowBytes);
          if (++held === blockRows) await flush();
        }
      }
      rows += count;
    },
    async close() {
      try {
        if (rows === 0)
          throw new RangeError(`${sink.name}: expected at least one row before closing, got none`);
        if (held > 0) await flush();
        const head = header(rows);
        if (head !== undefined) await sink.writeAt(0, head);
        await sink.close();
      } catch (error) {
        await sink.abort();
        throw error;
      }
    },
    abort: () => sink.abort(),
  };
}

/**
 * Writes windows of vectors, with their texts where the format keeps hashes, and returns the number of rows; where a
 * window or the sink fails nothing is left behind.
 */
export async function writeTeacherVectors(
  sink: ByteSink,
  windows:
    | Iterable<{ readonly vectors: Float32Array; readonly texts?: readonly string[] }>
    | AsyncIterable<{ readonly vectors: Float32Array; readonly texts?: readonly string[] }>,
  options: VectorWriterOptions,
): Promise<number> {
  const writer = vectorWriter(sink, options);
  try {
    for await (const { vectors, texts } of windows) await writer.append(vectors, texts);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.close();
  return writer.rows;
}
