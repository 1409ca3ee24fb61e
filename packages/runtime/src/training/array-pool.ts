import { allocate } from './allocate.js';

/** Float32 arrays in shared memory that come and go; what was given back is taken again where its length fits. */
export interface ArrayPool {
  /** What it held before stands in it. */
  take(length: number): Float32Array;
  give(array: Float32Array): void;
}

export function arrayPool(): ArrayPool {
  const free = new Map<number, Float32Array[]>();
  return {
    take: (length) => free.get(length)?.pop() ?? allocate([length]),
    give(array) {
      const list = free.get(array.length);
      if (list) list.push(array);
      else free.set(array.length, [array]);
    },
  };
}
