import type { ByteSource } from './byte-source.js';
import {
  bytesPerElement,
  checkShape,
  checkSize,
  type VectorDtype,
  type VectorLayout,
  vectorFault,
} from './vector-layout.js';

/*
 * The file, little-endian throughout:
 *   0  8 bytes  89 "RAGVEC" 0A — the last byte shows a transfer that changed line ends
 *   8  u32      version, 1
 *  12  u32      bytes per element: 4 = float32, 2 = float16
 *  16  u64      rows; 2⁶⁴ − 1 while the file is being written
 *  24  u32      width, elements per row
 *  28  u32      rows per block, a power of two
 *  32  32 bytes zero
 *  64  blocks: of each its rows' text hashes (u64 each, FNV-1a of the UTF-8 text), then its rows; the last may be short
 * Blocks let a writer append with one block in memory and a reader check all hashes without reading the vectors.
 */
const magic = [0x89, 0x52, 0x41, 0x47, 0x56, 0x45, 0x43, 0x0a];
export const ragvecHeaderBytes = 64;
const unfinished = 2n ** 64n - 1n;
const maxBlockRows = 2 ** 16;

/** Whether a file's first bytes are those of a ragvec file. */
export function isRagvec(head: Uint8Array): boolean {
  return magic.every((byte, i) => head[i] === byte);
}

/** Rows per block that the writer takes: the most that fit 4 MiB, from 1 to 4096, a power of two. */
export function ragvecBlockRows(width: number, dtype: VectorDtype): number {
  const rows = Math.floor(2 ** 22 / (width * bytesPerElement(dtype)));
  return rows < 1 ? 1 : Math.min(4096, 2 ** Math.floor(Math.log2(rows)));
}

/** Header of a ragvec file; `rows` undefined while it is being written. */
export function ragvecHeader(rows: number | undefined, width: number, dtype: VectorDtype): Uint8Array {
  const bytes = new Uint8Array(ragvecHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, 1, true);
  view.setUint32(12, bytesPerElement(dtype), true);
  view.setBigUint64(16, rows === undefined ? unfinished : BigInt(rows), true);
  view.setUint32(24, width, true);
  view.setUint32(28, ragvecBlockRows(width, dtype), true);
  return bytes;
}

/** Layout of our own vector file; throws DataError: newer version, unfinished, inconsistent or cut short. */
export async function ragvecLayout(source: ByteSource): Promise<VectorLayout> {
  const { name } = source;
  const head = await source.read(0, ragvecHeaderBytes);
  if (head.length < ragvecHeaderBytes) {
    throw vectorFault(name, `a header of ${ragvecHeaderBytes} bytes`, `${head.length}`, 'write it again');
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getUint32(8, true);
  if (version !== 1) {
    throw vectorFault(name, 'version 1 of the ragvec format', `version ${version}`, 'update @rag/data');
  }
  const elementBytes = view.getUint32(12, true);
  if (elementBytes !== 4 && elementBytes !== 2) {
    throw vectorFault(name, '4 or 2 bytes per element', `${elementBytes}`);
  }
  const count = view.getBigUint64(16, true);
  if (count === unfinished) {
    throw vectorFault(name, 'a finished file', 'one whose writer was never closed', 'write it again');
  }
  const [rows, width, blockRows] = [Number(count), view.getUint32(24, true), view.getUint32(28, true)];
  checkShape(name, rows, width);
  if (blockRows < 1 || blockRows > maxBlockRows || (blockRows & (blockRows - 1)) !== 0) {
    throw vectorFault(name, `rows per block to be a power of two up to ${maxBlockRows}`, `${blockRows}`);
  }
  if (head.subarray(32).some((byte) => byte !== 0)) {
    throw vectorFault(name, '32 zero bytes at the end of the header', 'others', 'write it again');
  }
  const dtype: VectorDtype = elementBytes === 4 ? 'float32' : 'float16';
  const rowBytes = width * elementBytes;
  const size = ragvecHeaderBytes + rows * (8 + rowBytes);
  checkSize(name, source.size, size, `${rows} rows of ${width} ${dtype} with their hashes`);
  const blockOffset = (block: number) => ragvecHeaderBytes + block * blockRows * (8 + rowBytes);
  return {
    format: 'ragvec',
    rows,
    width,
    dtype,
    blockRows,
    hashOffsetOf: blockOffset,
    offsetOf: (row) => {
      const block = Math.floor(row / blockRows);
      const inBlock = Math.min(blockRows, rows - block * blockRows);
      return blockOffset(block) + inBlock * 8 + (row - block * blockRows) * rowBytes;
    },
  };
}
