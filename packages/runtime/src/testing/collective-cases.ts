import { type Collective, CollectiveError } from '../collectives/collective.js';

/** One test that all ranks run together; it throws where the collective is wrong. */
export interface CollectiveCase {
  readonly name: string;
  readonly run: (collective: Collective) => Promise<void>;
}

/** What every collective must do, in any number of ranks. Integers stay exact in float32, so sums are compared by equality. */
export const COLLECTIVE_CASES: readonly CollectiveCase[] = [
  { name: 'names itself and its ranks', run: identity },
  { name: 'sums, and takes the greatest and the least', run: reductions },
  { name: 'reduces nothing, and float64', run: emptyAndDouble },
  { name: 'gives every rank the same bits of a sum', run: equalBits },
  { name: 'reduces and scatters uneven and empty ranges', run: scatters },
  { name: 'gathers uneven and empty ranges of numbers and bytes', run: gathers },
  { name: 'broadcasts from every rank', run: broadcasts },
  { name: 'computes a part of a larger array', run: parts },
  { name: 'takes large arrays', run: large },
  { name: 'runs outstanding calls in the order they were started', run: outstanding },
  { name: 'waits at a barrier for the last rank', run: barriers },
  { name: 'refuses wrong bounds and roots before any rank waits', run: refusals },
];

async function identity({ name, rank, size }: Collective): Promise<void> {
  check('a name', name.length > 0, name);
  check('a rank below size', Number.isInteger(rank) && rank >= 0 && rank < size, `${rank} of ${size}`);
}

async function reductions(at: Collective): Promise<void> {
  const own = () => Float32Array.from({ length: 5 }, (_, index) => (at.rank + 1) * (index - 2));
  const total = (at.size * (at.size + 1)) / 2;
  const sum = own();
  await at.allReduce(sum);
  same(
    'sum',
    sum,
    [-2, -1, 0, 1, 2].map((value) => value * total),
  );
  const greatest = own();
  await at.allReduce(greatest, 'max');
  same('max', greatest, [-2, -1, 0, at.size, 2 * at.size]);
  const least = own();
  await at.allReduce(least, 'min');
  same('min', least, [-2 * at.size, -at.size, 0, 1, 2]);
}

async function emptyAndDouble(at: Collective): Promise<void> {
  await at.allReduce(new Float32Array(0));
  // One part in 2^40 is lost in float32.
  const data = Float64Array.of(1 + 2 ** -40, at.rank);
  await at.allReduce(data);
  same('sum of float64', data, [at.size * (1 + 2 ** -40), (at.size * (at.size - 1)) / 2]);
}

async function equalBits(at: Collective): Promise<void> {
  for (const length of [1, 7, 1000, 100_003]) {
    const data = Float32Array.from({ length }, (_, index) => noise(at.rank * 1_000_003 + index));
    await at.allReduce(data);
    const bytes = new Uint8Array(data.buffer).slice(0, 4000);
    const all = new Uint8Array(bytes.length * at.size);
    all.set(bytes, at.rank * bytes.length);
    await at.allGather(all, even(at.size, bytes.length));
    for (let rank = 0; rank < at.size; rank++)
      same(`bits of rank ${rank}`, all.subarray(rank * bytes.length, (rank + 1) * bytes.length), bytes);
  }
}

async function scatters(at: Collective): Promise<void> {
  for (const bounds of [uneven(at.size), even(at.size, 4), even(at.size, 0)]) {
    const length = bounds[at.size] ?? 0;
    const data = Float32Array.from({ length }, (_, index) => index + at.rank);
    await at.reduceScatter(data, bounds);
    const expected = Array.from({ length }, (_, index) => index * at.size + (at.size * (at.size - 1)) / 2);
    const range = [bounds[at.rank], bounds[at.rank + 1]] as const;
    same(`range ${range}`, data.subarray(...range), expected.slice(...range));
  }
}

async function gathers(at: Collective): Promise<void> {
  const bounds = uneven(at.size);
  for (const make of [
    (length: number) => new Float32Array(length),
    (length: number) => new Uint8Array(length),
  ]) {
    const data = make(bounds[at.size] ?? 0).fill(99);
    data.fill(at.rank + 1, bounds[at.rank], bounds[at.rank + 1]);
    await at.allGather(data, bounds);
    const expected = bounds.slice(1).flatMap((end, rank) => Array(end - (bounds[rank] ?? 0)).fill(rank + 1));
    same('gathered', data, expected);
  }
}

async function broadcasts(at: Collective): Promise<void> {
  for (let root = 0; root < at.size; root++) {
    const numbers = Float32Array.of(at.rank, at.rank + 0.5);
    await at.broadcast(numbers, root);
    same('numbers', numbers, [root, root + 0.5]);
    const bytes = Uint8Array.of(at.rank, 255 - at.rank, 7);
    await at.broadcast(bytes, root);
    same('bytes', bytes, [root, 255 - root, 7]);
  }
}

async function parts(at: Collective): Promise<void> {
  const memory = new Float32Array(10).fill(5);
  await at.allReduce(memory.subarray(3, 5).fill(1));
  same('around a sum', memory, [5, 5, 5, at.size, at.size, 5, 5, 5, 5, 5]);
  // Bounds may leave elements out at both ends.
  const data = new Float32Array(at.size + 2).fill(-1);
  data[1 + at.rank] = at.rank;
  const bounds = even(at.size, 1).map((bound) => bound + 1);
  await at.allGather(data, bounds);
  same('within bounds', data, [-1, ...Array(at.size).keys(), -1]);
  data.set([3], 0);
  await at.reduceScatter(data, bounds);
  same('outside of bounds', [data[0], data[at.size + 1]], [3, -1]);
}

async function large(at: Collective): Promise<void> {
  const length = 1_000_003;
  const data = Float32Array.from({ length }, (_, index) => (index % 1000) + at.rank);
  const shift = (at.size * (at.size - 1)) / 2;
  const bounds = Array.from({ length: at.size + 1 }, (_, rank) => Math.floor((length * rank) / at.size));
  await at.reduceScatter(data, bounds);
  await at.allGather(data, bounds);
  const wrong = data.findIndex((value, index) => value !== (index % 1000) * at.size + shift);
  check('every sum in place', wrong === -1, `element ${wrong} of ${data[wrong]}`);
}

async function outstanding(at: Collective): Promise<void> {
  const first = Float32Array.of(1);
  const second = Float32Array.of(10, at.rank);
  const third = Uint8Array.of(at.rank + 1);
  const settled: string[] = [];
  const calls = [
    at.allReduce(first).then(() => settled.push('sum')),
    at.allReduce(second, 'max').then(() => settled.push('max')),
    at.broadcast(third, at.size - 1).then(() => settled.push('broadcast')),
  ];
  await Promise.all(calls.reverse());
  same('sum', first, [at.size]);
  same('max', second, [10, at.size - 1]);
  same('broadcast', third, [at.size]);
  check('all settled', settled.length === 3, settled.join());
}

async function barriers(at: Collective): Promise<void> {
  for (let round = 0; round < 3; round++) {
    if (at.rank === round % at.size) await new Promise((resolve) => setTimeout(resolve, 5));
    await at.barrier();
  }
}

async function refusals(at: Collective): Promise<void> {
  const data = new Float32Array(4);
  await refused(() => at.allGather(data, Array(at.size + 2).fill(0)), 'bounds');
  await refused(() => at.allGather(data, [...Array(at.size).fill(0), 5]), 'bounds');
  await refused(() => at.reduceScatter(data, [...Array(at.size).fill(3), 2]), 'bounds');
  await refused(() => at.reduceScatter(data, [...Array(at.size).fill(0.5), 2]), 'bounds');
  await refused(() => at.broadcast(data, at.size), 'root');
  await refused(() => at.broadcast(data, -1), 'root');
  // And goes on afterwards.
  await at.allReduce(data.fill(1));
  same('sum', data, Array(4).fill(at.size));
}

async function refused(call: () => Promise<void>, naming: string): Promise<void> {
  const error = await call().then(
    () => null,
    (reason: unknown) => reason,
  );
  check(
    `a CollectiveError that names ${naming}`,
    error instanceof CollectiveError && error.message.includes(naming),
    String(error),
  );
}

/** Offsets of ranges of 3, 0, 2, 3, 0, 2 … elements. */
function uneven(size: number): number[] {
  const bounds = [0];
  for (let rank = 0; rank < size; rank++) bounds.push((bounds[rank] ?? 0) + ([3, 0, 2][rank % 3] ?? 0));
  return bounds;
}

function even(size: number, length: number): number[] {
  return Array.from({ length: size + 1 }, (_, rank) => rank * length);
}

/** Numbers of many magnitudes whose float32 sum depends on the order. */
function noise(place: number): number {
  const bits = Math.imul(place ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  return ((bits % 2001) - 1000) * 2 ** ((bits >>> 20) % 24);
}

function same(what: string, got: ArrayLike<number | undefined>, expected: ArrayLike<number>): void {
  const equal = got.length === expected.length && Array.from(got).every((value, i) => value === expected[i]);
  check(`${what} ${Array.from(expected).slice(0, 20)}`, equal, `${Array.from(got).slice(0, 20)}`);
}

function check(what: string, holds: boolean, got: string): void {
  if (!holds) throw new Error(`expected ${what}, got ${got}`);
}
