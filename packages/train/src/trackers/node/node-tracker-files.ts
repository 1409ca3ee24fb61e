import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TrackerFiles } from '../tracker-files.js';

/** Files on this machine's disks. */
export const nodeTrackerFiles: TrackerFiles = {
  async open(path) {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a+');
    let size = 0;
    try {
      size = (await file.stat()).size;
    } catch (error) {
      await file.close();
      throw error;
    }
    return {
      path,
      get size() {
        return size;
      },
      async read() {
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; ) {
          const { bytesRead } = await file.read(bytes, at, size - at, at);
          if (bytesRead === 0)
            throw new Error(`${path}: expected ${size} bytes, got ${at} — let one run write it at a time`);
          at += bytesRead;
        }
        return bytes;
      },
      async cut(to) {
        await file.truncate(to);
        size = to;
      },
      async append(bytes) {
        await file.appendFile(bytes);
        size += bytes.length;
      },
      sync: () => file.datasync(),
      close: () => file.close(),
    };
  },
  async list(path) {
    try {
      return await readdir(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
};
