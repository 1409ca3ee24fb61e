import { checkBounds, checkOpen, checkRoot } from './check-call.js';
import { type Collective, CollectiveError, type Reduction } from './collective.js';

type Data = Float32Array | Float64Array | Uint8Array;

interface Call {
  /** The method and everything that must be equal on all ranks, in words. */
  readonly text: string;
  readonly data: Data | null;
  /** What happens to the data of all ranks, in rank order, once all are there. */
  readonly act: (ranks: readonly Data[]) => void;
  readonly settle: { resolve(): void; reject(error: Error): void };
}

/**
 * Collectives of `size` ranks within one process, for tests: run one program per rank under `Promise.all`. Sums are taken in rank
 * order. Ranks that call different methods, or one method with other sizes, fail together, and so does every later call; what is
 * undefined after reduceScatter is NaN.
 */
export function loopback(size: number): Collective[] {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`loopback: expected a number of ranks from 1, got ${size} — give one`);
  const waiting: Call[][] = Array.from({ length: size }, () => []);
  let failure: string | null = null;

  const fail = (reason: string) => {
    failure ??= reason;
    for (const [rank, calls] of waiting.entries())
      for (const call of calls.splice(0)) call.settle.reject(new CollectiveError(rank, reason));
  };
  const meet = () => {
    const calls: Call[] = [];
    for (const queue of waiting) {
      const [call] = queue;
      if (call === undefined) return;
      calls.push(call);
    }
    if (calls.some((call) => call.text !== calls[0]?.text)) {
      const listed = calls.map((call, rank) => `rank ${rank} ${call.text}`).join('; ');
      fail(
        `loopback: expected all ranks to make the same call, got ${listed} — let every rank run the same program`,
      );
      return;
    }
    for (const queue of waiting) queue.shift();
    calls[0]?.act(calls.flatMap(({ data }) => (data === null ? [] : [data])));
    for (const call of calls) call.settle.resolve();
  };

  return Array.from({ length: size }, (_, rank) => {
    const at = { name: 'loopback', rank, size };
    let closed = false;
    const call = (text: string, data: Data | null, act: Call['act']) =>
      new Promise<void>((resolve, reject) => {
        if (failure !== null) {
          reject(new CollectiveError(rank, failure));
          return;
        }
        waiting[rank]?.push({ text, data, act, settle: { resolve, reject } });
        meet();
      });
    return {
      ...at,
      async allReduce(data, operation = 'sum') {
        checkOpen(at, 'allReduce', closed);
        await call(`allReduce of ${described(data)} by ${operation}`, data, (ranks) =>
          reduceAll(ranks, operation),
        );
      },
      async reduceScatter(data, bounds) {
        checkOpen(at, 'reduceScatter', closed);
        checkBounds(at, 'reduceScatter', data.length, bounds);
        const fixed = [...bounds];
        await call(`reduceScatter of ${described(data)} by ${fixed}`, data, (ranks) => scatter(ranks, fixed));
      },
      async allGather(data, bounds) {
        checkOpen(at, 'allGather', closed);
        checkBounds(at, 'allGather', data.length, bounds);
        const fixed = [...bounds];
        await call(`allGather of ${described(data)} by ${fixed}`, data, (ranks) => gather(ranks, fixed));
      },
      async broadcast(data, root) {
        checkOpen(at, 'broadcast', closed);
        checkRoot(at, root);
        await call(`broadcast of ${described(data)} from ${root}`, data, (ranks) => {
          const source = ranks[root];
          for (const target of ranks) if (source !== undefined && target !== source) target.set(source);
        });
      },
      async barrier() {
        checkOpen(at, 'barrier', closed);
        await call('barrier', null, () => {});
      },
      abort(reason) {
        fail(reason);
        throw new CollectiveError(rank, reason);
      },
      async close() {
        checkOpen(at, 'close', closed);
        closed = true;
        await call('close', null, () => {});
      },
    };
  });
}

function described(data: Data): string {
  return `${data.length} elements of ${data.constructor.name}`;
}

function reduceAll(ranks: readonly Data[], operation: Reduction): void {
  const length = ranks[0]?.length ?? 0;
  for (let index = 0; index < length; index++) {
    const element = reduced(ranks, index, operation);
    for (const data of ranks) data[index] = element;
  }
}

/** Accumulated in float64. */
function reduced(ranks: readonly Data[], index: number, operation: Reduction): number {
  let element = ranks[0]?.[index] ?? 0;
  for (let rank = 1; rank < ranks.length; rank++) {
    const other = ranks[rank]?.[index] ?? 0;
    element =
      operation === 'sum'
        ? element + other
        : operation === 'max'
          ? Math.max(element, other)
          : Math.min(element, other);
  }
  return element;
}

function scatter(ranks: readonly Data[], bounds: readonly number[]): void {
  for (let owner = 0; owner < ranks.length; owner++) {
    const end = bounds[owner + 1] ?? 0;
    for (let index = bounds[owner] ?? 0; index < end; index++) {
      const sum = reduced(ranks, index, 'sum');
      for (const [rank, data] of ranks.entries()) data[index] = rank === owner ? sum : Number.NaN;
    }
  }
}

function gather(ranks: readonly Data[], bounds: readonly number[]): void {
  for (const [owner, source] of ranks.entries()) {
    const part = source.subarray(bounds[owner], bounds[owner + 1]);
    for (const data of ranks) if (data !== source) data.set(part, bounds[owner]);
  }
}
