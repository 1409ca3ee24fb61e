import type { LineLog } from '../distill/score-cache.js';

/** A log in memory, which is still there after it was closed. */
export function memoryLog(lines: string[] = []): LineLog & { readonly written: readonly string[] } {
  return {
    name: 'cache',
    written: lines,
    async *lines() {
      yield* [...lines];
    },
    append: async (more) => void lines.push(...more),
    close: async () => {},
  };
}
