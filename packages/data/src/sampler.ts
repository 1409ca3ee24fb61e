import { at } from './random.js';

export interface SamplerOptions {
  readonly seed: number;
  /** A new order each epoch; without it the order given. @default true */
  readonly shuffle?: boolean;
  /** Examples per batch and rank. */
  readonly batchSize: number;
  /** Length of each example in tokens; puts examples of like length in one batch. */
  readonly lengths?: ArrayLike<number>;
  /** Most tokens per batch and rank, counted by `lengths`; a longer example has a batch of its own. */
  readonly tokenBudget?: number;
  /** Batches (of all ranks) that are sorted by length together. @default 50 */
  readonly bucketBatches?: number;
  /** The group of each example, from 0: a batch holds examples of one. Those of a negative group are left out. */
  readonly groups?: ArrayLike<number>;
  /** Leave out the batch that has fewer examples than the others, the last one; not with a `tokenBudget`. @default false */
  readonly dropLast?: boolean;
  /** This process among `worldSize`. @default 0 */
  readonly rank?: number;
  /** @default 1 */
  readonly worldSize?: number;
}

/** One rank's share of one step. */
export interface Batch {
  /** Examples by number. */
  readonly indices: Uint32Array;
  /** How many at the end were already given to another rank, to make the ranks equal; weigh them 0 to count none twice. */
  readonly repeated: number;
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(`${name}: expected an integer from 1, got ${value}`);
}

/** Cuts rounds of examples (one per rank) into steps of at most `batchSize` rounds within each rank's token budget. */
function cutSteps(
  order: Uint32Array,
  { batchSize, lengths, tokenBudget, worldSize = 1 }: SamplerOptions,
): [number, number][] {
  const rounds = Math.ceil(order.length / worldSize);
  const steps: [number, number][] = [];
  let from = 0;
  let used = new Float64Array(worldSize);
  for (let round = 0; round < rounds; round++) {
    const added = used.map((sum, rank) => {
      return sum + (lengths?.[order[(round * worldSize + rank) % order.length]!] ?? 0);
    });
    const overBudget = tokenBudget !== undefined && added.some((sum) => sum > tokenBudget);
    if (round > from && (round - from === batchSize || overBudget)) {
      steps.push([from, round]);
      used = added.map((sum, rank) => sum - used[rank]!);
      from = round;
    } else {
      used = added;
    }
  }
  steps.push([from, rounds]);
  return steps;
}

/** The example order of an epoch: shuffled, then sorted by length inside windows. */
function epochOrder(count: number, epoch: number, options: SamplerOptions): Uint32Array {
  const { seed, shuffle = true, lengths, batchSize, bucketBatches = 50, worldSize = 1 } = options;
  const order = shuffle
    ? at(seed, 'order', epoch).permutation(count)
    : Uint32Array.from({ length: count }, (_, i) => i);
  if (lengths === undefined) return order;
  const window = bucketBatches * batchSize * worldSize;
  for (let start = 0; start < count; start += window) {
    const sorted = Array.from(order.subarray(start, start + window));
    // The sort is stable: equal lengths stay in shuffled order.
    sorted.sort((a, b) => lengths[a]! - lengths[b]!);
    order.set(sorted, start);
  }
  return order;
}

/**
 * This rank's batches of an epoch, a pure function of (seed, epoch, options).
 *
 * Every rank gets as many batches and as many examples in each as the others, and every example reaches a rank: where
 * the count is not a multiple of the ranks, the last round is filled with examples of the epoch's beginning
 * ({@link Batch.repeated}). With lengths, batches come in random order, the one with most tokens first, so that memory
 * reaches its peak at the first step. With groups, each is cut into batches by itself, and all batches come in random order.
 */
export function epochBatches(count: number, epoch: number, options: SamplerOptions): Batch[] {
  const { seed, shuffle = true, lengths, tokenBudget, bucketBatches = 50, rank = 0, worldSize = 1 } = options;
  checkCount('examples', count);
  checkCount('batch_size', options.batchSize);
  checkCount('bucketBatches', bucketBatches);
  checkCount('worldSize', worldSize);
  if (!(Number.isInteger(rank) && rank >= 0 && rank < worldSize)) {
    throw new RangeError(`rank: expected an integer from 0 to ${worldSize - 1}, got ${rank}`);
  }
  if (lengths !== undefined && lengths.length !== count) {
    throw new RangeError(`lengths: expected one per example (${count}), got ${lengths.length}`);
  }
  if (tokenBudget !== undefined) {
    checkCount('tokenBudget', tokenBudget);
    if (lengths === undefined) throw new RangeError('tokenBudget: expected lengths beside it, got none');
  }
  if (options.groups !== undefined) return groupedBatches(count, epoch, options, options.groups);
  const order = epochOrder(count, epoch, options);
  let steps = cutSteps(order, options);
  const [from, to] = steps.at(-1)!;
  if (options.dropLast && tokenBudget === undefined && to - from < options.batchSize) steps.pop();
  checkSome(steps, options);
  if (lengths !== undefined) {
    const tokens = ([from, to]: [number, number]) => {
      const step = order.subarray(from * worldSize, to * worldSize);
      return step.reduce((sum, index) => sum + lengths[index]!, 0);
    };
    const sums = steps.map(tokens);
    const longest = sums.indexOf(sums.reduce((a, b) => Math.max(a, b)));
    const ranked = shuffle
      ? Array.from(at(seed, 'batches', epoch).permutation(steps.length))
      : [...steps.keys()];
    steps = [longest, ...ranked.filter((step) => step !== longest)].map((step) => steps[step]!);
  }
  return steps.map(([from, to]) => {
    const places = Array.from({ length: to - from }, (_, i) => (from + i) * worldSize + rank);
    return {
      indices: Uint32Array.from(places, (place) => order[place % count]!),
      repeated: places.filter((place) => place >= count).length,
    };
  });
}

function checkSome(batches: readonly unknown[], { batchSize }: SamplerOptions): void {
  if (batches.length > 0) return;
  throw new RangeError(
    `dropLast: expected at least one whole batch of ${batchSize}, got fewer examples — make batches smaller`,
  );
}

/** The batches of each group, as if it were alone, in one random order. */
function groupedBatches(
  count: number,
  epoch: number,
  { groups: _, dropLast, ...options }: SamplerOptions,
  groups: ArrayLike<number>,
): Batch[] {
  if (groups.length !== count)
    throw new RangeError(`groups: expected one per example (${count}), got ${groups.length}`);
  const { seed, shuffle = true, lengths } = options;
  const membersOf = new Map<number, number[]>();
  for (let index = 0; index < count; index++) {
    const group = groups[index]!;
    const members = membersOf.get(group);
    if (members) members.push(index);
    else if (group >= 0) membersOf.set(group, [index]);
  }
  const batches = [...membersOf].flatMap(([group, members]) =>
    epochBatches(members.length, epoch, {
      ...options,
      seed: at(seed, 'group', group).below(2 ** 31),
      ...(lengths !== undefined && { lengths: members.map((index) => lengths[index]!) }),
    })
      .map(({ indices, repeated }) => ({ indices: indices.map((place) => members[place]!), repeated }))
      .filter(
        ({ indices }) =>
          !dropLast || options.tokenBudget !== undefined || indices.length === options.batchSize,
      ),
  );
  checkSome(batches, options);
  if (!shuffle) return batches;
  return Array.from(at(seed, 'batches', epoch).permutation(batches.length), (batch) => batches[batch]!);
}
