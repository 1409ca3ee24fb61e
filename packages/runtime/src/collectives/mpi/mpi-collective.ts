import { checkBounds, checkOpen, checkRoot } from '../check-call.js';
import type { Collective, Reduction } from '../collective.js';
import type { MpiCalls, MpiData, Requests } from './calls.js';
import { settle } from './settle.js';

/**
 * Elements that are on their way together, over all ranks: MPI counts in 32 bits, and its reductions take as much memory again.
 */
const CHUNK = 2 ** 24;

/** Below so many elements the processes do not wait for each other first, and one rank sums alone. */
const SMALL = 2 ** 12;

/**
 * The collective over MPI's calls that do not block: reductions into one rank per range and broadcasts from it, so that every sum is
 * taken once and all ranks have its bits. Calls run one after the other in the order they were started; the event loop goes on
 * meanwhile. Processes that wait for others sleep.
 *
 * @param chunk elements on their way together, for tests
 */
export function mpiCollective(calls: MpiCalls, chunk = CHUNK): Collective {
  const { rank, size } = calls;
  const at = { name: `mpi (${calls.version})`, rank, size };
  const room = Math.max(1, Math.floor(chunk / size));
  let closed = false;
  let last: Promise<void> = Promise.resolve();

  /** Starts when all earlier calls have settled; after one that failed no rank knows where the others stand. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work);
    // Who called hears of it; a later call that nobody waits for yet must not end the process.
    last.catch(() => {});
    return last;
  };
  const together = (count: number, start: (requests: Requests) => void, patient: boolean) => {
    const requests = calls.requests(count);
    start(requests);
    return settle(requests, patient);
  };
  const meet = (length: number) =>
    length < SMALL ? Promise.resolve() : together(1, (requests) => requests.barrier(), true);

  /** Does something to every range, by parts that are not too long. */
  const overRanges = async (
    data: MpiData,
    bounds: readonly number[],
    act: (requests: Requests, part: MpiData, owner: number) => void,
  ): Promise<void> => {
    const longest = Math.max(...bounds.slice(1).map((end, owner) => end - (bounds[owner] ?? 0)));
    const span = (bounds[size] ?? 0) - (bounds[0] ?? 0);
    for (let offset = 0; offset < longest; offset += room)
      await together(
        size,
        (requests) => {
          for (let owner = 0; owner < size; owner++) {
            const end = bounds[owner + 1] ?? 0;
            const from = (bounds[owner] ?? 0) + offset;
            if (from < end) act(requests, data.subarray(from, Math.min(from + room, end)), owner);
          }
        },
        span < SMALL,
      );
  };
  const reduce = (data: MpiData, bounds: readonly number[], operation: Reduction) =>
    overRanges(data, bounds, (requests, part, owner) => requests.reduce(part, operation, owner));
  const spread = (data: MpiData, bounds: readonly number[]) =>
    overRanges(data, bounds, (requests, part, owner) => requests.broadcast(part, owner));

  return {
    ...at,
    async allReduce(data, operation = 'sum') {
      checkOpen(at, 'allReduce', closed);
      await inTurn(async () => {
        await meet(data.length);
        const bounds = evenBounds(data.length, size);
        await reduce(data, bounds, operation);
        await spread(data, bounds);
      });
    },
    async reduceScatter(data, bounds) {
      checkOpen(at, 'reduceScatter', closed);
      checkBounds(at, 'reduceScatter', data.length, bounds);
      const fixed = [...bounds];
      await inTurn(async () => {
        await meet((fixed[size] ?? 0) - (fixed[0] ?? 0));
        await reduce(data, fixed, 'sum');
      });
    },
    async allGather(data, bounds) {
      checkOpen(at, 'allGather', closed);
      checkBounds(at, 'allGather', data.length, bounds);
      const fixed = [...bounds];
      await inTurn(async () => {
        await meet((fixed[size] ?? 0) - (fixed[0] ?? 0));
        await spread(data, fixed);
      });
    },
    async broadcast(data, root) {
      checkOpen(at, 'broadcast', closed);
      checkRoot(at, root);
      await inTurn(async () => {
        await meet(data.length);
        const bounds = Array.from({ length: size + 1 }, (_, owner) => (owner > root ? data.length : 0));
        await spread(data, bounds);
      });
    },
    async barrier() {
      checkOpen(at, 'barrier', closed);
      await inTurn(() => together(1, (requests) => requests.barrier(), true));
    },
    abort: (reason) => calls.abort(reason),
    async close() {
      checkOpen(at, 'close', closed);
      closed = true;
      await inTurn(async () => {
        await together(1, (requests) => requests.barrier(), true);
        calls.finalize();
      });
    },
  };
}

/** A range per rank, as even as it goes; few elements are one range of rank 0's. */
function evenBounds(length: number, size: number): number[] {
  return Array.from({ length: size + 1 }, (_, rank) =>
    length < SMALL ? (rank === 0 ? 0 : length) : Math.floor((length * rank) / size),
  );
}
