import type { UnfinishedFile } from '../encode/unfinished-file.js';

/** What a crash throws. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** A disk in memory that loses power. */
export interface CrashingDisk {
  /** Steps taken since it was opened last. */
  readonly steps: number;
  /** The finished file. */
  readonly finished: Uint8Array | undefined;
  /** The file as a new process finds it; `crashAt` is the step, from 0, at which the power goes. */
  open(crashAt?: number): UnfinishedFile;
}

/**
 * Bytes that were not made durable survive a crash in part, as garbage, or longer than they were written; `luck` (0 to 1)
 * says which.
 */
export function crashingDisk(luck: () => number): CrashingDisk {
  const durable: { bytes?: Uint8Array; note?: string; finished?: Uint8Array } = {};
  let steps = 0;
  const garbage = (bytes: Uint8Array, from: number): Uint8Array => {
    const kept = Math.floor(from + (bytes.length - from) * luck());
    const left = Uint8Array.from(bytes.subarray(0, kept));
    if (luck() < 0.5) left.fill(0xaa, from);
    return left;
  };
  return {
    get steps() {
      return steps;
    },
    get finished() {
      return durable.finished;
    },
    open(crashAt = Number.POSITIVE_INFINITY) {
      steps = 0;
      let isDead = false;
      let bytes = durable.bytes ?? new Uint8Array(0);
      // Bytes up to here survive.
      let safe = bytes.length;
      const step = (): void => {
        if (isDead || steps++ === crashAt) {
          if (!isDead && durable.bytes) durable.bytes = garbage(bytes, Math.min(safe, bytes.length));
          isDead = true;
          throw new Crash('the power went');
        }
      };
      const grow = (more: Uint8Array, at: number): void => {
        const grown = new Uint8Array(Math.max(bytes.length, at + more.length));
        grown.set(bytes);
        grown.set(more, at);
        bytes = grown;
      };
      return {
        name: 'vectors',
        noteName: 'vectors.progress.json',
        note: durable.bytes && durable.note,
        async begin() {
          step();
          delete durable.note;
          step();
          durable.bytes = bytes = new Uint8Array(0);
          safe = 0;
        },
        async goOn(length) {
          step();
          if (durable.bytes!.length < length) throw new Error('shorter than its note says');
          bytes = durable.bytes!.slice(0, length);
          safe = length;
        },
        async append(more) {
          step();
          grow(more, bytes.length);
        },
        async commit(note) {
          step();
          safe = bytes.length;
          durable.bytes = bytes.slice();
          step();
          durable.note = note;
        },
        async finish(header) {
          step();
          // The header's bytes may survive or not.
          grow(header, 0);
          step();
          safe = bytes.length;
          durable.bytes = bytes.slice();
          step();
          durable.finished = bytes.slice();
          delete durable.bytes;
          step();
          delete durable.note;
        },
        async close() {
          step();
        },
        async discard() {
          step();
          delete durable.bytes;
        },
      };
    },
  };
}
