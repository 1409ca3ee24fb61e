import { bytesSource } from '@rag/data';
import type { UnfinishedFile } from '../encode/unfinished-file.js';
import type { WorkFiles } from '../mine/work-files.js';
import { Crash, type CrashingDisk, crashingDisk } from './crashing-disk.js';

/** A work folder in memory, which loses power at a step that is told: what was not committed is gone then. */
export interface MemoryFiles extends WorkFiles {
  /** Steps since `restart`. */
  readonly steps: number;
  /** A new process; the power goes at a step, from 0. */
  restart(crashAt?: number): void;
  /** Names of finished files and texts. */
  names(): string[];
  /** A finished file's text. */
  textOf(name: string): string | undefined;
}

export function memoryFiles(): MemoryFiles {
  const disks = new Map<string, CrashingDisk>();
  const texts = new Map<string, string>();
  const power = { steps: 0, crashAt: Number.POSITIVE_INFINITY, isGone: false };
  const step = (): void => {
    if (power.isGone || power.steps++ === power.crashAt) {
      power.isGone = true;
      throw new Crash('the power went');
    }
  };
  const behind =
    <Args extends readonly unknown[]>(take: (...args: Args) => Promise<void>) =>
    async (...args: Args): Promise<void> => {
      step();
      await take(...args);
    };
  const powered = (file: UnfinishedFile): UnfinishedFile => ({
    ...file,
    begin: behind(file.begin),
    goOn: behind(file.goOn),
    append: behind(file.append),
    commit: behind(file.commit),
    finish: behind(file.finish),
    close: behind(file.close),
    discard: behind(file.discard),
  });
  return {
    get steps() {
      return power.steps;
    },
    restart(crashAt = Number.POSITIVE_INFINITY) {
      Object.assign(power, { steps: 0, crashAt, isGone: false });
    },
    names: () =>
      [...[...disks].filter(([, { finished }]) => finished).map(([name]) => name), ...texts.keys()].sort(),
    textOf: (name) => {
      const bytes = disks.get(name)?.finished;
      return bytes && new TextDecoder().decode(bytes);
    },
    async create(name) {
      const disk = disks.get(name) ?? crashingDisk(() => 0);
      disks.set(name, disk);
      return powered(disk.open());
    },
    async open(name) {
      const bytes = disks.get(name)?.finished;
      return bytes && bytesSource(name, bytes);
    },
    readText: async (name) => texts.get(name),
    async writeText(name, text) {
      step();
      texts.set(name, text);
    },
    async remove(name) {
      step();
      disks.delete(name);
    },
  };
}
