import { PytorchFileError } from './pytorch-file-error.js';

/** The largest pickle that is interpreted, in bytes; a state dict takes 100–300 bytes per tensor. */
export const MAX_PICKLE_BYTES = 1 << 26;
/** The longest string, in bytes. */
export const MAX_STRING_BYTES = 1 << 16;
/** The bytes ended before the pickle did. */
export class PickleCutError extends PytorchFileError {
  override name = 'PickleCutError';
}

/** The bytes of a pickle, read one value after another; every read is checked against their end. */
export interface PickleBytes {
  /** The byte that is read next. */
  readonly at: number;
  /** @throws PytorchFileError that names the file and this byte */
  fail(problem: string, advice?: string): never;
  uint8(): number;
  uint16(): number;
  int32(): number;
  uint32(): number;
  float64(): number;
  /** A length of 8 bytes, at most that of the longest pickle. */
  length64(): number;
  /** A whole number of so many bytes, little-endian, in two's complement. */
  long(length: number): number;
  /** UTF-8 text of so many bytes. */
  text(length: number): string;
  /** UTF-8 text up to a line feed. */
  line(): string;
}

/**
 * Begins to read a pickle at a byte.
 * @param where what errors name: the file.
 * @throws PytorchFileError where there are too many bytes; every read: PickleCutError where they end first
 */
export function pickleBytes(bytes: Uint8Array, start: number, where: string): PickleBytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let at = start;

  const fail = (problem: string, advice?: string): never => {
    throw new PytorchFileError(where, `pickle at byte ${at}: ${problem}`, advice);
  };
  if (bytes.length - start > MAX_PICKLE_BYTES) {
    fail(
      `expected at most ${MAX_PICKLE_BYTES} bytes, got ${bytes.length - start}`,
      'save the state dict alone',
    );
  }
  const cut = (expected: string): never => {
    throw new PickleCutError(where, `pickle at byte ${at}: expected ${expected}, got ${bytes.length - at}`);
  };
  const take = (count: number): number => {
    if (count > bytes.length - at) cut(`${count} more bytes`);
    at += count;
    return at - count;
  };
  const text = (length: number): string => {
    if (length > MAX_STRING_BYTES)
      fail(`expected strings of at most ${MAX_STRING_BYTES} bytes, got ${length}`);
    const begin = take(length);
    try {
      return utf8.decode(bytes.subarray(begin, at));
    } catch {
      return fail('expected UTF-8 text, got other bytes');
    }
  };
  const line = (): string => {
    const end = bytes.subarray(at, at + MAX_STRING_BYTES + 1).indexOf(0x0a) + at;
    if (end < at) {
      if (bytes.length - at > MAX_STRING_BYTES) fail(`expected lines of at most ${MAX_STRING_BYTES} bytes`);
      cut('a line');
    }
    const value = text(end - at);
    at++;
    return value;
  };
  const length64 = (): number => {
    const value = view.getBigUint64(take(8), true);
    return value > BigInt(MAX_PICKLE_BYTES)
      ? fail(`expected a length inside the pickle, got ${value}`)
      : Number(value);
  };
  const long = (length: number): number => {
    if (length > 8) fail(`expected whole numbers of at most 8 bytes, got ${length}`);
    let value = 0n;
    const begin = take(length);
    for (let i = 0; i < length; i++) value |= BigInt(view.getUint8(begin + i)) << BigInt(8 * i);
    const signed = Number(BigInt.asIntN(8 * length, value));
    return Number.isSafeInteger(signed) ? signed : fail(`expected whole numbers below 2^53, got ${signed}`);
  };
  return {
    get at() {
      return at;
    },
    fail,
    uint8: () => view.getUint8(take(1)),
    uint16: () => view.getUint16(take(2), true),
    int32: () => view.getInt32(take(4), true),
    uint32: () => view.getUint32(take(4), true),
    float64: () => view.getFloat64(take(8), false),
    length64,
    long,
    text,
    line,
  };
}
