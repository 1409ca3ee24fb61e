import { allocate } from './allocate.js';

/** Float32 arrays in shared memory that come and go, in few buffers that serve for all lengths. */
export interface ArrayPool {
  /** What a buffer held before stands in it. */
  take(length: number): Float32Array;
  give(array: Float32Array): void;
}

/** Buffers by their lengths in elements: the shortest free one that is long enough is taken, else a longer one made in place of a free one. */
export interface BufferPool<Buffer> {
  take(length: number): Buffer;
  give(buffer: Buffer): void;
  /** Elements of all buffers. */
  readonly held: number;
}

export function bufferPool<Buffer extends { readonly length: number }>(
  make: (length: number) => Buffer,
): BufferPool<Buffer> {
  const free: Buffer[] = [];
  let held = 0;
  return {
    take(length) {
      free.sort((a, b) => a.length - b.length);
      const place = free.findIndex((buffer) => buffer.length >= length);
      if (place >= 0) return free.splice(place, 1)[0]!;
      held += length - (free.pop()?.length ?? 0);
      return make(length);
    },
    give: (buffer) => void free.push(buffer),
    get held() {
      return held;
    },
  };
}

export function arrayPool(): ArrayPool {
  const buffers = bufferPool((length) => allocate([length]));
  const taken = new Map<Float32Array, Float32Array<SharedArrayBuffer>>();
  return {
    take(length) {
      const buffer = buffers.take(length);
      const array = buffer.subarray(0, length);
      taken.set(array, buffer);
      return array;
    },
    give(array) {
      const buffer = taken.get(array);
      if (!buffer) return;
      taken.delete(array);
      buffers.give(buffer);
    },
  };
}
