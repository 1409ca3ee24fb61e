import type { TrackerFiles } from '../tracker-files.js';

/** A disk in memory. */
export interface MemoryDisk extends TrackerFiles {
  readonly contents: Map<string, Uint8Array>;
  /** From now on half of what is appended arrives, then an error: as on a disk that is full. */
  fill(): void;
  /** Appends that are not synced yet. */
  unsynced: number;
}

export function memoryTrackerFiles(): MemoryDisk {
  const contents = new Map<string, Uint8Array>();
  let isFull = false;
  const disk: MemoryDisk = {
    contents,
    unsynced: 0,
    fill() {
      isFull = true;
    },
    async open(path) {
      if (!contents.has(path)) contents.set(path, new Uint8Array(0));
      const grow = (bytes: Uint8Array): void => {
        const before = contents.get(path)!;
        const after = new Uint8Array(before.length + bytes.length);
        after.set(before);
        after.set(bytes, before.length);
        contents.set(path, after);
      };
      return {
        path,
        get size() {
          return contents.get(path)!.length;
        },
        read: async () => contents.get(path)!,
        async cut(size) {
          contents.set(path, contents.get(path)!.slice(0, size));
        },
        async append(bytes) {
          if (isFull) {
            grow(bytes.subarray(0, bytes.length >> 1));
            throw new Error(`${path}: ENOSPC`);
          }
          grow(bytes);
          disk.unsynced++;
        },
        async sync() {
          disk.unsynced = 0;
        },
        close: async () => {},
      };
    },
    async list(path) {
      const inside = [...contents.keys()].filter((name) => name.startsWith(`${path}/`));
      return [...new Set(inside.map((name) => name.slice(path.length + 1).split('/')[0]!))];
    },
  };
  return disk;
}
