import type { ByteSource } from './byte-source.js';
import {
  bytesPerElement,
  checkShape,
  checkSize,
  type VectorDtype,
  type VectorLayout,
  vectorFault,
} from './vector-layout.js';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // "\x93NUMPY"
/** Longest header read, in bytes; NumPy itself refuses those of more than 10,000. */
const maxHeader = 65_536;

/** Whether a file's first bytes are those of a `.npy` file. */
export function isNpy(head: Uint8Array): boolean {
  return magic.every((byte, i) => head[i] === byte);
}

const entries = {
  descr: /(['"])descr\1\s*:\s*(['"])([^'"]{1,16})\2/,
  order: /(['"])fortran_order\1\s*:\s*(True|False)/,
  shape: /(['"])shape\1\s*:\s*\(([0-9L, ]*)\)/,
};

/** Fields of the header's Python dictionary; anything but the three keys is refused. */
function parseHeader(file: string, text: string): { descr: string; fortran: boolean; shape: number[] } {
  const [descr, order, shape] = [
    entries.descr.exec(text),
    entries.order.exec(text),
    entries.shape.exec(text),
  ];
  const rest = [descr, order, shape].reduce((left, match) => left.replace(match?.[0] ?? '', ''), text);
  if (descr === null || order === null || shape === null || !/^\{\s*,\s*,\s*(,\s*)?\}\s*$/.test(rest)) {
    const got = JSON.stringify(text.trim().slice(0, 120));
    const expected = "a header with 'descr', 'fortran_order' and 'shape' of one plain array";
    throw vectorFault(file, expected, got, 'save a two-dimensional float32 array with numpy.save');
  }
  // Python 2 wrote lengths as 3L.
  const sizes = shape[2]!.split(',').map((size) => size.trim().replace(/L$/, ''));
  if (sizes.at(-1) === '') sizes.pop();
  return { descr: descr[3]!, fortran: order[2] === 'True', shape: sizes.map(Number) };
}

/**
 * Layout of a `.npy` file, versions 1 to 3: two dimensions, C order, `<f4` or `<f2`, of exactly the header's size.
 * Source: numpy.lib.format. Throws DataError for any other array, saying how to save it.
 */
export async function npyLayout(source: ByteSource): Promise<VectorLayout> {
  const { name } = source;
  const head = await source.read(0, 12);
  const version = head[6] ?? 0;
  if (version < 1 || version > 3) {
    throw vectorFault(
      name,
      'version 1, 2 or 3 of the .npy format',
      `version ${version}`,
      'save it with numpy.save',
    );
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const prefix = version === 1 ? 10 : 12;
  if (head.length < prefix) throw vectorFault(name, `a header of ${prefix} bytes`, `${head.length}`);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeader) throw vectorFault(name, `a header of at most ${maxHeader} bytes`, `${length}`);
  const bytes = await source.read(prefix, length);
  if (bytes.length < length) throw vectorFault(name, `a header of ${length} bytes`, `${bytes.length}`);
  const { descr, fortran, shape } = parseHeader(name, new TextDecoder('latin1').decode(bytes));
  const dtype: VectorDtype | undefined =
    descr === '<f4' ? 'float32' : descr === '<f2' ? 'float16' : undefined;
  if (dtype === undefined) {
    throw vectorFault(name, "dtype '<f4' or '<f2'", `'${descr}'`, "save array.astype('<f4')");
  }
  const [rows, width] = shape;
  if (shape.length !== 2 || rows === undefined || width === undefined) {
    throw vectorFault(
      name,
      'two dimensions (rows, width)',
      `${shape.length}`,
      'reshape the array before saving',
    );
  }
  if (fortran) {
    throw vectorFault(name, 'C order', 'Fortran order', 'save numpy.ascontiguousarray(array)');
  }
  checkShape(name, rows, width);
  const start = prefix + length;
  const rowBytes = width * bytesPerElement(dtype);
  checkSize(name, source.size, start + rows * rowBytes, `${rows} rows of ${width} ${dtype}`);
  return {
    format: 'npy',
    rows,
    width,
    dtype,
    blockRows: 2 ** 30,
    offsetOf: (row) => start + row * rowBytes,
  };
}

/** Bytes of the header that {@link npyHeader} writes: enough for any count, so that it can be written again. */
export const npyHeaderBytes = 128;

/** Header of a version 1 `.npy` file, C order, of 128 bytes whatever the count. */
export function npyHeader(rows: number, width: number, dtype: VectorDtype): Uint8Array {
  const descr = dtype === 'float32' ? '<f4' : '<f2';
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const bytes = new Uint8Array(npyHeaderBytes).fill(0x20);
  const length = npyHeaderBytes - 10;
  bytes.set([...magic, 1, 0, length & 0xff, length >>> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[npyHeaderBytes - 1] = 0x0a;
  return bytes;
}
