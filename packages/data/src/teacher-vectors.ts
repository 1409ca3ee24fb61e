import type { ByteSource } from './byte-source.js';
import { DataError } from './data-error.js';
import { widenHalf } from './half-float.js';
import { memmapLayout } from './memmap.js';
import { isNpy, npyLayout } from './npy.js';
import { isRagvec, ragvecLayout } from './ragvec.js';
import {
  bytesPerElement,
  type VectorDtype,
  type VectorFormat,
  type VectorLayout,
  vectorFault,
} from './vector-layout.js';
import { windowCache } from './window-cache.js';

export interface TeacherVectorsOptions {
  /** Elements per row: required for a file without a header, compared with the header otherwise. */
  readonly width?: number;
  /** Rows that the file must have: the number of texts, where it is known. */
  readonly rows?: number;
  /** Bytes of vectors kept in memory, as float32; at least one window is. @default 32 MiB */
  readonly cacheBytes?: number;
}

/** Vectors of a teacher model, one row per text, of which only windows are held in memory. */
export interface TeacherVectors {
  /** The source's name. */
  readonly name: string;
  readonly format: VectorFormat;
  readonly rows: number;
  /** Elements per row. */
  readonly width: number;
  /** Element type in the file; {@link TeacherVectors.read} always gives float32. */
  readonly dtype: VectorDtype;
  /** Hash of the text that a row was made from (`textHash`); only files that store it have this. */
  textHash?(row: number): Promise<bigint>;
  /**
   * Reads rows in the order asked, as float32 [rows, width]. Throws RangeError for a row that is not there, DataError
   * `nan` for an element that is not finite and `changed-file` where the file was cut short meanwhile.
   */
  read(rows: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>>;
  /** Closes the source. */
  close(): Promise<void>;
}

/** Float32 bytes that one window aims at. */
const windowBytes = 2 ** 18;

async function readLayout(source: ByteSource, options: TeacherVectorsOptions): Promise<VectorLayout> {
  const head = await source.read(0, 12);
  if (isRagvec(head)) return ragvecLayout(source);
  if (isNpy(head)) return npyLayout(source);
  if (head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4) {
    const remedy = 'save the one array with numpy.save';
    throw vectorFault(source.name, 'a vector file', 'a zip archive (.npz or PyTorch)', remedy);
  }
  return memmapLayout(source, options);
}

/**
 * Opens teacher vectors for reading by windows; the first bytes tell ragvec and `.npy`, all else is headerless float32.
 * Takes the source over: it is closed with the vectors, or at once when this fails.
 * Throws DataError where header, size, `width` and `rows` do not agree.
 */
export async function openTeacherVectors(
  source: ByteSource,
  options: TeacherVectorsOptions = {},
): Promise<TeacherVectors> {
  const { name } = source;
  let layout: VectorLayout;
  try {
    layout = await readLayout(source, options);
    for (const key of ['width', 'rows'] as const) {
      if (options[key] === undefined || options[key] === layout[key]) continue;
      const shape = `${layout.rows} rows of width ${layout.width}`;
      throw vectorFault(name, `${key} ${options[key]}`, shape, `give ${key} ${layout[key]}, or another file`);
    }
  } catch (error) {
    await source.close();
    throw error;
  }
  const { rows, width, dtype, blockRows, hashOffsetOf } = layout;
  const readBytes = async (offset: number, length: number): Promise<ArrayBuffer> => {
    const bytes = await source.read(offset, length);
    // A copy with a buffer of its own: slice() of Node's Buffer would share its pool.
    if (bytes.length === length) return Uint8Array.from(bytes).buffer;
    const remedy = 'do not write to a data file while it is in use';
    throw new DataError('changed-file', {
      at: { file: name },
      expected: `${length} bytes at offset ${offset}`,
      got: `${bytes.length}`,
      remedy,
    });
  };
  const checkRow = (row: number) => {
    if (Number.isInteger(row) && row >= 0 && row < rows) return;
    throw new RangeError(`${name}: expected a row below ${rows}, got ${row}`);
  };

  const fitting = Math.max(1, Math.floor(windowBytes / (width * 4)));
  const windowRows = Math.min(blockRows, 2 ** Math.floor(Math.log2(fitting)));
  const windows = Math.floor((options.cacheBytes ?? 2 ** 25) / (windowRows * width * 4));
  const vectorsOf = windowCache(windows, async (window) => {
    const first = window * windowRows;
    const elements = Math.min(windowRows, rows - first) * width;
    const buffer = await readBytes(layout.offsetOf(first), elements * bytesPerElement(dtype));
    return dtype === 'float32' ? new Float32Array(buffer) : widenHalf(new Uint16Array(buffer));
  });
  const hashesOf = windowCache(16, async (block) => {
    const count = Math.min(blockRows, rows - block * blockRows);
    return new BigUint64Array(await readBytes(hashOffsetOf!(block), count * 8));
  });

  return {
    name,
    format: layout.format,
    rows,
    width,
    dtype,
    ...(hashOffsetOf && {
      textHash: async (row: number) => {
        checkRow(row);
        return (await hashesOf(Math.floor(row / blockRows)))[row % blockRows]!;
      },
    }),
    async read(wanted) {
      const out = new Float32Array(wanted.length * width);
      for (let i = 0; i < wanted.length; i++) {
        const row = wanted[i]!;
        checkRow(row);
        const start = (row % windowRows) * width;
        const vector = (await vectorsOf(Math.floor(row / windowRows))).subarray(start, start + width);
        const bad = vector.findIndex((element) => !Number.isFinite(element));
        if (bad >= 0) {
          const remedy = 'encode the texts again, or leave the row out';
          const expected = `finite elements in row ${row}`;
          const got = `${vector[bad]} at element ${bad}`;
          throw new DataError('nan', { at: { file: name }, expected, got, remedy });
        }
        out.set(vector, i * width);
      }
      return out;
    },
    close: () => source.close(),
  };
}
