import { crc32c } from './checksum.js';
import { joinBytes } from './wire-format.js';

/** TensorFlow's masking of a CRC: rotated right by 15 bits, plus a constant (tsl/lib/hash/crc32c.h). */
export const maskedCrc = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** One record: length (uint64), its masked CRC, the data, its masked CRC, little-endian (tensorflow.org/tutorials/load_data/tfrecord). */
export function tfRecord(data: Uint8Array): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(head.subarray(0, 8)), true);
  const tail = new Uint8Array(4);
  new DataView(tail.buffer).setUint32(0, maskedCrc(data), true);
  return joinBytes([head, data, tail]);
}
