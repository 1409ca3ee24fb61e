/**
 * A checksum over the bits of float32 numbers, to find files that were damaged: MurmurHash3 of their little-endian words, 32 bits
 * (https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp, `MurmurHash3_x86_32`, seed 0).
 */
export function floatDigest(data: Float32Array): number {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  let hash = 0;
  for (let i = 0; i < words.length; i++) {
    const word = Math.imul(words[i]!, 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= data.byteLength;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
