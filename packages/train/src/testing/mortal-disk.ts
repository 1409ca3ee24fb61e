import { createRequire, syncBuiltinESMExports } from 'node:module';
import { Crash } from './crashing-disk.js';

/** The file system of this process until it dies in the middle of a write. */
export interface MortalDisk {
  /** Writes, syncs, renames, removals since `revive`. */
  readonly steps: number;
  /** A new process, whose disk dies at a step from 0 on; without one never. */
  revive(deathAt?: number): void;
  /** Gives node:fs/promises back. */
  restore(): void;
}

type Call = (...args: unknown[]) => Promise<unknown>;
interface Handle {
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

const promises = createRequire(import.meta.url)('node:fs/promises') as Record<string, Call>;
const CHANGING = ['mkdir', 'rename', 'rm', 'rmdir', 'link', 'writeFile'] as const;

/**
 * Counts what node:fs/promises changes on the disk, and lets the process die at one of those steps: what is asked of it from then on fails,
 * so that nothing is cleared away, and a write gets through by half.
 * @param onDeath ends the process for good where it is to
 */
export function mortalDisk(onDeath: () => void = () => {}): MortalDisk {
  const real: Record<string, Call> = { ...promises };
  const life = { steps: 0, deathAt: Number.POSITIVE_INFINITY, isDead: false };
  const step = (last: () => Promise<unknown> = async () => {}): Promise<void> => {
    if (life.isDead) return Promise.reject(new Crash('the process is dead'));
    if (life.steps++ !== life.deathAt) return Promise.resolve();
    life.isDead = true;
    return last().then(() => {
      onDeath();
      throw new Crash('the process died');
    });
  };
  for (const name of CHANGING)
    promises[name] = async (...args) => {
      await step();
      return real[name]!(...args);
    };
  promises.open = async (...args) => {
    const changes = args[1] !== undefined && args[1] !== 'r';
    if (changes) await step();
    const handle = (await real.open!(...args)) as Handle;
    if (!changes) return handle;
    const [write, sync] = [handle.write.bind(handle), handle.sync.bind(handle)];
    return Object.assign(handle, {
      write: async (bytes: Uint8Array, offset: number, length: number) => {
        await step(() => write(bytes, offset, length >> 1));
        return write(bytes, offset, length);
      },
      sync: async () => {
        await step();
        return sync();
      },
    });
  };
  syncBuiltinESMExports();
  return {
    get steps() {
      return life.steps;
    },
    revive(deathAt = Number.POSITIVE_INFINITY) {
      Object.assign(life, { steps: 0, deathAt, isDead: false });
    },
    restore() {
      Object.assign(promises, real);
      syncBuiltinESMExports();
    },
  };
}
