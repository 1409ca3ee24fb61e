import type { Collective } from '../collectives/collective.js';
import { type ArrayPool, arrayPool } from './array-pool.js';
import { type GroupMemory, groupMemory } from './group-memory.js';
import type { ParameterGroup } from './parameter-groups.js';
import { gatherWhole, reduceGradients } from './rank-transfers.js';
import type { Sharding } from './sharding.js';

/** The trained parameters in the memory of one of several ranks, and the sums that are on their way between them. */
export interface RankedMemory {
  readonly collective: Collective;
  readonly groups: readonly GroupMemory[];
  /** For what is whole in a pass alone. */
  readonly pool: ArrayPool;
  /** Gradients lie in shares, into which every pass of a segment is summed. */
  readonly sharesGradients: boolean;
  /** Parameters lie in shares, which every pass of a segment gathers. */
  readonly sharesValues: boolean;
  /** Forgets this update's gradients: shares begin at zero. */
  begin(): void;
  /** Begins to sum a group's gradients over ranks; by all ranks in the same order. */
  reduce(group: GroupMemory): void;
  /** Waits for the sum before the last that `reduce` began, so that no more are held. */
  overlapped(): Promise<void>;
  /** Sums what no pass has summed, and waits for all sums. */
  settle(): Promise<void>;
  /** What ranks have gathered for an update, together, once all gradients are summed. */
  total(gathered: {
    readonly sum: number;
    readonly weight: number;
  }): Promise<{ sum: number; weight: number }>;
  /** After an update of this rank's elements: all ranks' parameters. */
  shareValues(): Promise<void>;
}

export function rankedMemory(
  layout: readonly ParameterGroup[],
  collective: Collective,
  sharding: Sharding,
): RankedMemory {
  const pool = arrayPool();
  const groups = layout.map((group) => groupMemory(group, collective.rank, sharding));
  const summed = new Set(groups);
  let running: Promise<void>[] = [];
  const memory: RankedMemory = {
    collective,
    groups,
    pool,
    sharesGradients: groups.some(({ own }) => own.gradient),
    sharesValues: groups.some(({ own }) => own.value),
    begin() {
      summed.clear();
      for (const { own } of groups) own.gradient?.fill(0);
    },
    reduce(group) {
      summed.add(group);
      const sum = reduceGradients(group, collective, pool);
      // Whoever waits for it sees its error; until then nobody does.
      sum.catch(() => {});
      running.push(sum);
    },
    async overlapped() {
      const [last] = running.slice(-1);
      const before = running.slice(0, -1);
      running = last ? [last] : [];
      await Promise.all(before);
    },
    async settle() {
      for (const group of groups) if (!summed.has(group) && !group.own.gradient) memory.reduce(group);
      const all = running;
      running = [];
      await Promise.all(all);
    },
    async total({ sum, weight }) {
      await memory.settle();
      const all = Float64Array.of(sum, weight);
      await collective.allReduce(all);
      return { sum: all[0]!, weight: all[1]! };
    },
    async shareValues() {
      await Promise.all(
        groups.map(async ({ group, whole, own }) => {
          if (own.first && whole.value) await gatherWhole(group, whole.value, collective);
        }),
      );
    },
  };
  return memory;
}
