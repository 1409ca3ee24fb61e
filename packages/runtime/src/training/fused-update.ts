import { platform } from '#platform';
import { SessionError } from '../error.js';
import type { Thread } from '../platform/platform.js';
import {
  type AdamWBlock,
  type AdamWSettings,
  adamwCoefficients,
  adamwKernel,
  coefficientCount,
} from './adamw.js';
import { adamwModule, chunkSize } from './adamw-module.js';
import { blockSize, squareSum } from './global-norm.js';

/** A parameter with its gradient and its two moments: float32 arrays of one length. */
export interface TrainedTensor {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Which of the settings of an update applies, from 0. */
  readonly group: number;
}

/** An optimizer's pass over all tensors, shared among threads. */
export interface FusedUpdate {
  /** As `globalNorm` over all gradients; the same bits for any number of threads. */
  globalNorm(scale?: number): Promise<number>;
  /**
   * One AdamW update in place, with settings by group; `step` counts from 1, `scale` multiplies the gradients. The
   * calling thread does its share in slices between which its event loop turns. The same bits for any number of threads.
   */
  adamw(settings: readonly AdamWSettings[], step: number, scale: number): Promise<void>;
  /** Blocks done so far by each thread, the calling one first. */
  readonly blocksByThread: Int32Array;
  /** Ends the threads. */
  dispose(): void;
}

/** What threads share. `control`: epoch, operation, next block to claim, blocks done. */
interface Shared {
  readonly control: Int32Array;
  /** Two numbers per block: tensor, place of the block in it. */
  readonly blocks: Int32Array;
  /** One sum of squares per block. */
  readonly sums: Float64Array;
  /** `coefficientCount` numbers per group. */
  readonly coefficients: Float64Array;
  readonly coefficientCount: number;
  readonly blockSize: number;
  readonly blocksByThread: Int32Array;
  readonly tensors: readonly TrainedTensor[];
}

const epoch = 0;
const operation = 1;
const next = 2;
const done = 3;
const operations = { stop: 0, squareSum: 1, adamw: 2 } as const;
/** Milliseconds without a finished block after which a thread is taken for lost. */
const patience = 60_000;
/** Milliseconds for which the calling thread works before it lets its event loop turn. */
const slice = 4;

/**
 * Claims blocks until none is left, which is true, or until a time of `performance.now()`. What to do is read after a block is claimed: it was written before the claims were
 * opened, and the number of blocks never changes, so a thread that wakes late takes part or finds nothing.
 * Self-contained: its source text is also run in worker threads, with the two kernels as arguments.
 */
function work(
  shared: Shared,
  thread: number,
  update: AdamWBlock,
  sum: typeof squareSum,
  until: number,
): boolean {
  const { control, blocks, sums, coefficients, tensors } = shared;
  const count = blocks.length / 2;
  while (performance.now() < until) {
    const block = Atomics.add(control, 2, 1);
    if (block >= count) return true;
    const tensor = tensors[blocks[2 * block]!]!;
    const start = blocks[2 * block + 1]! * shared.blockSize;
    const end = Math.min(tensor.gradient.length, start + shared.blockSize);
    if (Atomics.load(control, 1) === 1) {
      sums[block] = sum(tensor.gradient, start, end);
    } else {
      update(
        tensor.parameter,
        tensor.gradient,
        tensor.firstMoment,
        tensor.secondMoment,
        start,
        end,
        coefficients,
        tensor.group * shared.coefficientCount,
      );
    }
    shared.blocksByThread[thread]!++;
    Atomics.add(control, 3, 1);
    Atomics.notify(control, 3);
  }
  return false;
}

/** A thread's life: sleeps until the epoch changes. Self-contained, as `work`. */
function serve(
  shared: Shared,
  thread: number,
  workOn: typeof work,
  update: AdamWBlock,
  sum: typeof squareSum,
): void {
  let seen = 0;
  for (;;) {
    Atomics.wait(shared.control, 0, seen);
    seen = Atomics.load(shared.control, 0);
    if (Atomics.load(shared.control, 1) === 0) return;
    workOn(shared, thread, update, sum, Number.POSITIVE_INFINITY);
  }
}

/**
 * Prepares updates over `tensors` on `threads` threads, the calling one included. With more than one, arrays must be over
 * SharedArrayBuffers (`allocate`). `groups`: how many settings an update has at least, where no tensor may be of the last. Throws SessionError on arrays of different lengths, groups or thread counts out of range.
 */
export function createFusedUpdate(
  tensors: readonly TrainedTensor[],
  options: { readonly threads: number; readonly groups?: number },
): FusedUpdate {
  const { threads, groups: least = 0 } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new SessionError('createFusedUpdate: threads', `expected a whole number ≥ 1, got ${threads}`);
  }
  tensors.forEach((tensor, index) => {
    checkTensor(`createFusedUpdate: tensor ${index}`, tensor, threads > 1);
  });
  const shared = share(tensors, threads, least);
  const started = Array.from({ length: threads - 1 }, (_, index) => startThread(shared, index + 1));
  const update = adamwKernel(adamwModule, chunkSize);
  let disposed = false;
  let busy = false;

  const perform = async (kind: number): Promise<void> => {
    if (disposed)
      throw new SessionError(
        'FusedUpdate',
        'expected a live update, got one that was disposed — create it again',
      );
    if (busy)
      throw new SessionError('FusedUpdate', 'expected one pass at a time, got a second — await the first');
    busy = true;
    try {
      await pass(kind);
    } finally {
      busy = false;
    }
  };

  const pass = async (kind: number): Promise<void> => {
    const { control } = shared;
    const count = shared.blocks.length / 2;
    Atomics.store(control, operation, kind);
    Atomics.store(control, done, 0);
    Atomics.store(control, next, 0);
    Atomics.add(control, epoch, 1);
    Atomics.notify(control, epoch);
    while (!work(shared, 0, update, squareSum, performance.now() + slice)) await platform.turn();
    for (;;) {
      const finished = Atomics.load(control, done);
      if (finished === count) return;
      if (Atomics.wait(control, done, finished, patience) === 'timed-out') {
        throw new SessionError(
          'FusedUpdate',
          `expected ${count} blocks, got ${finished} — a thread was lost; the state is unusable`,
        );
      }
    }
  };

  return {
    blocksByThread: shared.blocksByThread,
    async globalNorm(scale = 1) {
      await perform(operations.squareSum);
      return Math.sqrt(shared.sums.reduce((total, sum) => total + sum, 0)) * Math.abs(scale);
    },
    async adamw(settings, step, scale) {
      const groups = shared.coefficients.length / coefficientCount;
      if (settings.length !== groups) {
        throw new SessionError('adamw', `expected settings for ${groups} groups, got ${settings.length}`);
      }
      // All are checked before the first is written.
      const coefficients = settings.map((group) => adamwCoefficients(group, step, scale));
      coefficients.forEach((group, index) => {
        shared.coefficients.set(group, index * coefficientCount);
      });
      await perform(operations.adamw);
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      Atomics.store(shared.control, operation, operations.stop);
      Atomics.add(shared.control, epoch, 1);
      Atomics.notify(shared.control, epoch);
      for (const thread of started) thread.terminate();
    },
  };
}

function checkTensor(where: string, tensor: TrainedTensor, shared: boolean): void {
  const { parameter, gradient, firstMoment, secondMoment, group } = tensor;
  for (const [name, array] of Object.entries({ parameter, gradient, firstMoment, secondMoment })) {
    if (array.length !== parameter.length) {
      throw new SessionError(where, `expected ${parameter.length} elements in ${name}, got ${array.length}`);
    }
    if (shared && !(array.buffer instanceof SharedArrayBuffer)) {
      throw new SessionError(
        where,
        `expected ${name} over a SharedArrayBuffer, got an ArrayBuffer — make it with allocate()`,
      );
    }
  }
  if (!Number.isInteger(group) || group < 0) {
    throw new SessionError(where, `expected a group number ≥ 0, got ${group}`);
  }
}

function share(tensors: readonly TrainedTensor[], threads: number, least: number): Shared {
  const blocks = tensors.flatMap((tensor, index) =>
    Array.from({ length: Math.ceil(tensor.parameter.length / blockSize) }, (_, place) => [index, place]),
  );
  const groups = tensors.reduce((most, { group }) => Math.max(most, group + 1), least);
  // A page that is not cross-origin isolated has no shared memory; one thread needs none.
  const memory = (bytes: number) => (threads > 1 ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  const sharedBlocks = new Int32Array(memory(blocks.length * 8));
  sharedBlocks.set(blocks.flat());
  return {
    control: new Int32Array(memory(16)),
    blocks: sharedBlocks,
    sums: new Float64Array(memory(blocks.length * 8)),
    coefficients: new Float64Array(memory(groups * coefficientCount * 8)),
    coefficientCount,
    blockSize,
    blocksByThread: new Int32Array(memory(threads * 4)),
    tensors,
  };
}

/**
 * A thread made of the functions' own source text: a worker file would have to be found both beside the bundle and, as
 * TypeScript, under test runners, and this package would have to know how it is bundled.
 */
function startThread(shared: Shared, thread: number): Thread {
  if (!platform.startThread)
    throw new SessionError(
      'createFusedUpdate: threads',
      'expected 1 in a page, got more — updates run on the calling thread there',
    );
  // esbuild's `keepNames` wraps inner functions in a `__name` of the file that it compiled.
  const source = `const __name = (value) => value;
const { shared, module, chunkSize } = workerData;
(${serve})(shared, ${thread}, ${work}, (${adamwKernel})(module, chunkSize), ${squareSum});`;
  return platform.startThread(source, { shared, module: adamwModule, chunkSize });
}
