/** Bytes that are appended, and corrected where they were written before: a file, an array. */
export interface ByteSink {
  /** How errors call it. */
  readonly name: string;
  /** Appends; the bytes are the caller's again once this resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Overwrites bytes that were written before. */
  writeAt(offset: number, bytes: Uint8Array): Promise<void>;
  /** Finishes: what was written is there under its name. */
  close(): Promise<void>;
  /** Gives up: nothing of it remains. */
  abort(): Promise<void>;
}

/** A sink in memory; `bytes()` is what was written so far. */
export function bytesSink(name: string): ByteSink & { bytes(): Uint8Array<ArrayBuffer> } {
  let buffer = new Uint8Array(1024);
  let length = 0;
  return {
    name,
    async write(bytes) {
      if (length + bytes.length > buffer.length) {
        const grown = new Uint8Array(2 * (length + bytes.length));
        grown.set(buffer.subarray(0, length));
        buffer = grown;
      }
      buffer.set(bytes, length);
      length += bytes.length;
    },
    async writeAt(offset, bytes) {
      if (offset < 0 || offset + bytes.length > length) {
        throw new RangeError(
          `${name}: expected bytes within the ${length} written, got ${bytes.length} at ${offset}`,
        );
      }
      buffer.set(bytes, offset);
    },
    close: async () => {},
    abort: async () => {
      buffer = new Uint8Array(0);
      length = 0;
    },
    bytes: () => buffer.slice(0, length),
  };
}
