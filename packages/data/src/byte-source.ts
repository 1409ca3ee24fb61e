/** Bytes that can be streamed once from the start and read again at any place: a file, a Blob, an array. */
export interface ByteSource {
  /** How errors call it; for a file, its path as the caller gave it. */
  readonly name: string;
  /** Total length in bytes. */
  readonly size: number;
  /** Streams all bytes from the start; a chunk may be reused by the source after the next one is asked for. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Reads `length` bytes at `offset`; fewer only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A source over bytes or text in memory. */
export function bytesSource(name: string, data: Uint8Array | string): ByteSource {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return {
    name,
    size: bytes.length,
    async *chunks() {
      const step = 1 << 16;
      for (let start = 0; start < bytes.length; start += step) yield bytes.subarray(start, start + step);
    },
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    close: async () => {},
  };
}

/** A source over a Blob or a File that the user picked in the browser. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    async *chunks() {
      const step = 1 << 20;
      for (let start = 0; start < blob.size; start += step) {
        yield new Uint8Array(await blob.slice(start, start + step).arrayBuffer());
      }
    },
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    close: async () => {},
  };
}
