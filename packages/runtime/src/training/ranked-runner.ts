import type { GroupMemory } from './group-memory.js';
import { lendValues, returnValues } from './rank-transfers.js';
import type { RankedMemory } from './ranked-memory.js';
import type { SegmentRunner } from './segment-runner.js';

/**
 * Segments on the memory of one of several ranks: what lies in shares is whole while a segment that reads it runs, and gradients are summed
 * over ranks behind the last pass that adds to them, while the segments before it compute theirs.
 */
export function rankedRunners(runners: readonly SegmentRunner[], memory: RankedMemory): SegmentRunner[] {
  const { collective, pool, sharesGradients } = memory;
  const lent = async <T>(groups: readonly GroupMemory[], work: () => Promise<T>): Promise<T> => {
    await Promise.all(groups.map((group) => lendValues(group, collective, pool)));
    try {
      return await work();
    } finally {
      for (const group of groups) returnValues(group, pool);
    }
  };
  return runners.map((runner, place): SegmentRunner => {
    const groups = memory.groups.filter(({ group }) => group.segments.includes(place));
    /** Sums what this pass has added to, or what no pass will add to any more. */
    const summed = (isFinal: boolean): void => {
      for (const group of groups)
        if (sharesGradients || (isFinal && group.group.segments[0] === place)) memory.reduce(group);
    };
    const ownGradients = async (): Promise<void> => {
      if (!sharesGradients) return;
      await memory.overlapped();
      for (const { whole, group } of groups) whole.gradient = pool.take(group.length).fill(0);
    };
    return {
      ...runner,
      forward: (feeds) => lent(groups, () => runner.forward(feeds)),
      evaluate: (feeds) => lent(groups, () => runner.evaluate(feeds)),
      async backward(feeds, accumulation, isFinal = false) {
        const yielded = await lent(groups, async () => {
          await ownGradients();
          return runner.backward(feeds, sharesGradients ? 'overwrite' : accumulation);
        });
        summed(isFinal);
        return yielded;
      },
      async idle(pass, isFinal = false) {
        await lent(groups, async () => {
          if (pass === 'backward') await ownGradients();
        });
        if (pass === 'backward') summed(isFinal);
      },
    };
  });
}
