import { describe, expect, it } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import {
  expectAsAlone,
  initialOf,
  learnAlone,
  learnOnRanks,
  likeSgd,
  partOf,
  rowBatch,
  rowNetwork,
  rowPlan,
} from '../testing/ranked-training.js';
import { compile } from './compile.js';
import { TrainingSession } from './session.js';
import type { Sharding } from './sharding.js';

const isLong = process.env.RAG_LONG !== undefined;
const shardings: readonly Sharding[] = ['none', 'optimizer', 'gradients', 'parameters'];

/** Two updates, of two batches and of one, whose rows no number of ranks divides; the last has fewer rows than four ranks. */
const updates = [[rowBatch(5, 1), rowBatch(7, 2)], [rowBatch(3, 3)]];

const cases = shardings.flatMap((sharding) =>
  [false, true].flatMap((isSplit) => [1, 2, 3, 4].map((size) => ({ sharding, isSplit, size }))),
);
const isDefault = ({ sharding, isSplit, size }: (typeof cases)[number]): boolean =>
  isSplit ? size === 4 : size === 2 && sharding !== 'gradients';

describe('ranks', () => {
  it.each(
    cases.filter((one) => (one.sharding !== 'parameters' || one.isSplit) && (isLong || isDefault(one))),
  )(
    'learn as one process does: $size, sharing $sharding, layers apart $isSplit',
    async ({ sharding, isSplit, size }) => {
      const plan = rowPlan(isSplit);
      const alone = await learnAlone(plan, updates);
      const ranks = await learnOnRanks(plan, size, sharding, (rank) =>
        updates.map((batches) => batches.map((batch) => partOf(batch, rank, size))),
      );
      expectAsAlone(ranks, alone);
    },
  );

  it('learn as one process does where weights are frozen', async () => {
    for (const sharding of ['none', 'parameters'] as const) {
      const plan = rowPlan(true, (name) => /layers\.[12]/.test(name));
      const alone = await learnAlone(plan, updates);
      const ranks = await learnOnRanks(plan, 2, sharding, (rank) =>
        updates.map((batches) => batches.map((batch) => partOf(batch, rank, 2))),
      );
      expectAsAlone(ranks, alone);
    }
  });

  it('have the losses of one process with AdamW, whose steps are not in proportion to gradients', async () => {
    const adamw = compile(rowNetwork(true), { initial: initialOf, optimizer: { maxGradNorm: 1 } });
    const many = Array.from({ length: 8 }, (_, i) => [rowBatch(5, i)]);
    const alone = await learnAlone(adamw, many);
    const [one] = await learnOnRanks(adamw, 3, 'parameters', (rank) =>
      many.map((batches) => batches.map((batch) => partOf(batch, rank, 3))),
    );
    expect(alone.losses[0]! / alone.losses.at(-1)!).toBeGreaterThan(1.5);
    for (const [i, loss] of alone.losses.entries())
      expect(Math.abs(one!.losses[i]! - loss) / loss).toBeLessThan(1e-4);
  });

  it('find together that gradients are not finite, whosever they are', async () => {
    for (const sharding of ['none', 'optimizer'] as const) {
      const failed = await Promise.allSettled(
        loopback(2).map(async (collective) => {
          const compute = { provider: 'cpu', threads: 1, collective, sharding } as const;
          const session = await TrainingSession.create(rowPlan(false), compute);
          const batch = partOf(rowBatch(4, 1), collective.rank, 2)!;
          if (collective.rank === 1) (batch['noise.1']!.data as Float32Array)[0] = 1e30;
          try {
            return await session.trainStep(batch, { learningRate: 0.1 });
          } finally {
            session.dispose();
          }
        }),
      );
      const reasons = failed.map((result) => String((result as PromiseRejectedResult).reason));
      expect(reasons[0]).toContain('update: expected finite gradients');
      expect(reasons[1]).toBe(reasons[0]);
    }
  });

  it('say on every rank what differs at the start', async () => {
    const opened = await Promise.allSettled(
      loopback(2).map((collective) =>
        TrainingSession.create(
          compile(rowNetwork(false), {
            initial: (name, shape) =>
              initialOf(name, shape).map((value) => value + (name === 'head.weight' ? collective.rank : 0)),
            optimizer: likeSgd,
          }),
          { provider: 'cpu', threads: 1, collective },
        ),
      ),
    );
    for (const result of opened)
      expect(String((result as PromiseRejectedResult).reason)).toContain(
        'parameter "head.weight": expected the same on all 2 ranks at the start',
      );
  });
});
