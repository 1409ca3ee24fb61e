const tableOf = (polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? polynomial ^ (rest >>> 1) : rest >>> 1;
    return rest;
  });

function checksum(table: Uint32Array, parts: readonly Uint8Array[]): number {
  let rest = 0xffffffff;
  for (const part of parts)
    for (let index = 0; index < part.length; index++)
      rest = table[(rest ^ part[index]!) & 255]! ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

const castagnoli = tableOf(0x82f63b78);
const ethernet = tableOf(0xedb88320);

/** CRC-32C (RFC 3720, appendix B.4) of the parts one after another. */
export const crc32c = (...parts: readonly Uint8Array[]): number => checksum(castagnoli, parts);

/** CRC-32 as zip and zlib have it (RFC 1952) of the parts one after another. */
export const crc32 = (...parts: readonly Uint8Array[]): number => checksum(ethernet, parts);
