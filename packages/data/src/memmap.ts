import type { ByteSource } from './byte-source.js';
import { checkShape, type VectorLayout, vectorFault } from './vector-layout.js';

/** Widths that encoders have. */
const usualWidths = [
  64, 128, 256, 312, 384, 512, 640, 768, 896, 1024, 1152, 1280, 1536, 1792, 2048, 2304, 2560, 3072, 3584,
  4096, 5120, 6144, 7168, 8192,
];

/** Says which widths a headerless file of so many elements could have. */
function fittingWidths(elements: number, rows: number | undefined): string {
  if (rows !== undefined) {
    const width = elements / rows;
    return Number.isInteger(width)
      ? `${rows} rows would fit with width ${width}`
      : `no width fits ${rows} rows`;
  }
  const fitting = usualWidths.filter((width) => elements % width === 0);
  if (fitting.length === 0) return 'no usual width fits; check that the file is float32 and complete';
  return `of the usual widths these fit: ${fitting.map((width) => `${width} (${elements / width} rows)`).join(', ')}`;
}

/**
 * Layout of a headerless float32 file, rows × width, as RAG-Retrieval writes its teacher vectors (numpy.memmap).
 * The file does not say its width, so `width` is required, and nothing is derived: a width that is missing or does
 * not fit the size is a DataError that says which would fit.
 */
export function memmapLayout(
  { name, size }: Pick<ByteSource, 'name' | 'size'>,
  { width, rows }: { readonly width?: number; readonly rows?: number },
): VectorLayout {
  if (size === 0) throw vectorFault(name, 'float32 vectors', 'an empty file');
  if (size % 4 !== 0) {
    throw vectorFault(name, 'float32 elements of 4 bytes each', `${size} bytes`, 'the file was cut short');
  }
  const elements = size / 4;
  const advice = () => `give the teacher's width; ${fittingWidths(elements, rows)}`;
  if (width === undefined) {
    throw vectorFault(name, 'a width for a file without a header', 'none', advice());
  }
  checkShape(name, 1, width);
  if (elements % width !== 0 || (rows !== undefined && elements !== rows * width)) {
    const expected = `${rows === undefined ? 'a whole number of' : rows} rows of width ${width}`;
    throw vectorFault(name, expected, `${elements} float32 elements (${elements / width} rows)`, advice());
  }
  return {
    format: 'memmap',
    rows: elements / width,
    width,
    dtype: 'float32',
    blockRows: 2 ** 30,
    offsetOf: (row) => row * width * 4,
  };
}
