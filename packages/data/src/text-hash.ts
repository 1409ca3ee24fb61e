const encoder = new TextEncoder();

/**
 * FNV-1a, 64 bits, of a text's UTF-8 bytes, exactly as it stands: not trimmed, not normalized.
 * Teacher vector files store it per row, so it never changes. An unpaired surrogate hashes as U+FFFD.
 * Source: Fowler, Noll, Vo; offset basis 0xcbf29ce484222325, prime 2⁴⁰ + 0x1b3.
 */
export function textHash(text: string): bigint {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of encoder.encode(text)) {
    low = (low ^ byte) >>> 0;
    // Times 2⁴⁰ + 0x1b3, modulo 2⁶⁴: the low half reaches the high half as its carry and shifted by 40 − 32 bits.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return (BigInt(high) << 32n) | BigInt(low);
}

/** A {@link textHash} as errors and scripts print it: 16 hexadecimal digits. */
export function formatTextHash(hash: bigint): string {
  return hash.toString(16).padStart(16, '0');
}
