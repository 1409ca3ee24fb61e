import { writeSync } from 'node:fs';
import koffi from 'koffi';
import { CollectiveError, type Reduction } from '../collective.js';
import type { MpiLibrary } from './library.js';

/** Elements that MPI works on in place. */
export type MpiData = Float32Array | Float64Array | Uint8Array;

/** Calls of MPI that have been started and run while `test` is called. */
export interface Requests {
  /** Sums (or takes the greatest or the least of) a part of every rank's data into that of rank `root`. */
  reduce(part: MpiData, operation: Reduction, root: number): void;
  broadcast(part: MpiData, root: number): void;
  barrier(): void;
  /** Moves them on; true once all have completed. */
  test(): boolean;
}

/** What the collective needs of MPI; all of it is called on one thread. */
export interface MpiCalls {
  /** Such as "Open MPI 4.1.4". */
  readonly version: string;
  readonly rank: number;
  readonly size: number;
  /** Room for so many outstanding calls. */
  requests(length: number): Requests;
  /** Ends all processes of the job. */
  abort(reason: string): never;
  finalize(): void;
}

/** Milliseconds that a launcher has to pass a last message on. */
const FAREWELL = 500;

/** `MPI_THREAD_FUNNELED`, the same number in all implementations: the process has threads, one of them calls MPI. */
const FUNNELED = 1;

/**
 * Initialises MPI: once per process.
 *
 * @throws CollectiveError with MPI's own message
 */
export function initialize({ library, abi, version }: MpiLibrary, launchedRank: number): MpiCalls {
  const { handle, world } = abi;
  const pointer = 'void *';
  const bind = (name: string, parameters: string[]) =>
    library.func(name, 'int', parameters) as (...values: unknown[]) => number;
  const errorString = bind('MPI_Error_string', ['int', pointer, pointer]);
  let rank = launchedRank;
  const check = (name: string, code: number): void => {
    if (code === 0) return;
    // MPICH's MPI_MAX_ERROR_STRING; Open MPI's is 256.
    const text = new Uint8Array(1024);
    const length = new Int32Array(1);
    errorString(code, text, length);
    const message = new TextDecoder('latin1').decode(text.subarray(0, length[0]));
    throw new CollectiveError(
      rank,
      `mpi, rank ${rank}, ${name}: expected it to succeed, got error ${code} of ${version} (${message}) — start the job anew`,
    );
  };
  const number = new Int32Array(1);
  const asked = (name: string) => {
    check(name, bind(name, [handle, pointer])(world, number));
    return number[0] ?? 0;
  };

  check(
    'MPI_Init_thread',
    bind('MPI_Init_thread', [pointer, pointer, 'int', pointer])(null, null, FUNNELED, number),
  );
  if ((number[0] ?? 0) < FUNNELED)
    throw new CollectiveError(
      rank,
      `mpi: expected a library for processes of several threads, got ${version} built for one — install one built with threads`,
    );
  check(
    'MPI_Comm_set_errhandler',
    bind('MPI_Comm_set_errhandler', [handle, handle])(world, abi.errorsReturn),
  );
  rank = asked('MPI_Comm_rank');
  const size = asked('MPI_Comm_size');

  const ireduce = bind('MPI_Ireduce', [
    'intptr_t',
    'intptr_t',
    'int',
    handle,
    handle,
    'int',
    handle,
    pointer,
  ]);
  const ibcast = bind('MPI_Ibcast', ['intptr_t', 'int', handle, 'int', handle, pointer]);
  const ibarrier = bind('MPI_Ibarrier', [handle, pointer]);
  const testall = bind('MPI_Testall', ['int', pointer, pointer, 'intptr_t']);
  const abort = bind('MPI_Abort', [handle, 'int']);
  const finalize = bind('MPI_Finalize', []);
  // Of the C library, which MPI's is linked with.
  const yieldProcessor = bind('sched_yield', []);

  return {
    ...{ version, rank, size },
    requests(length) {
      const pending = abi.requests(length);
      const done = new Int32Array(1);
      // MPI works on their memory until the calls have completed.
      const held: MpiData[] = [];
      let count = 0;
      const placeOf = (part: MpiData) => {
        held.push(part);
        return address(part);
      };
      return {
        reduce(part, operation, root) {
          const here = placeOf(part);
          const source = root === rank ? abi.inPlace : here;
          const request = pending.subarray(count++);
          check(
            'MPI_Ireduce',
            ireduce(source, here, part.length, typeOf(part), abi.operations[operation], root, world, request),
          );
        },
        broadcast(part, root) {
          const request = pending.subarray(count++);
          check('MPI_Ibcast', ibcast(placeOf(part), part.length, typeOf(part), root, world, request));
        },
        barrier() {
          check('MPI_Ibarrier', ibarrier(world, pending.subarray(count++)));
        },
        test() {
          check('MPI_Testall', testall(count, pending, done, abi.statusesIgnore));
          const completed = done[0] !== 0;
          if (completed) held.length = 0;
          // What is waited for may be a process that waits for this processor.
          else yieldProcessor();
          return completed;
        },
      };
    },
    abort(reason) {
      writeSync(2, `${reason}\n`);
      // MPICH's launcher ends at once, whatever it has not read yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FAREWELL);
      abort(world, 1);
      process.exit(1);
    },
    finalize: () => check('MPI_Finalize', finalize()),
  };

  function typeOf(data: MpiData) {
    if (data instanceof Float32Array) return abi.types.float32;
    return data instanceof Float64Array ? abi.types.float64 : abi.types.uint8;
  }
}

/**
 * Of the elements. Reading `.buffer` first matters: V8 keeps arrays of up to 64 bytes inside its moving heap until their buffer is
 * asked for, and outside from then on.
 */
function address(data: MpiData): bigint {
  return data.buffer.byteLength > 0 ? koffi.address(data) : 0n;
}
