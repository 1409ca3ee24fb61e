import { describe, expect, it } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import { distance, learn, partOf, rowBatch, rowPlan } from '../testing/ranked-training.js';
import { type SessionState, STATE_PARTS } from './saved-state.js';
import { TrainingSession } from './session.js';
import type { Sharding } from './sharding.js';

const plan = rowPlan(true);
const updates = [[rowBatch(5, 1)], [rowBatch(6, 2)], [rowBatch(4, 3)]];

/** A session on each of several ranks, and what is done there. */
const onRanks = <T>(
  size: number,
  sharding: Sharding,
  act: (session: TrainingSession, parts: (typeof updates)[number][], rank: number) => Promise<T>,
): Promise<T[]> =>
  Promise.all(
    loopback(size).map(async (collective) => {
      const compute = { provider: 'cpu', threads: 1, collective, sharding } as const;
      const session = await TrainingSession.create(plan, compute);
      const parts = updates.map((batches) => batches.map((batch) => partOf(batch, collective.rank, size)!));
      try {
        return await act(session, parts, collective.rank);
      } finally {
        session.dispose();
      }
    }),
  );

/** Everything of a state in arrays of its own; read by all ranks in one order. */
async function copied(state: SessionState): Promise<SessionState> {
  const parts = new Map<string, Float32Array>();
  for (const { name } of state.parameters)
    for (const part of STATE_PARTS) parts.set(`${name} ${part}`, (await state.read(name, part)).slice());
  return { ...state, read: async (name, part) => parts.get(`${name} ${part}`)! };
}

const isLong = process.env.RAG_LONG !== undefined;
const shardings: readonly Sharding[] = isLong
  ? ['none', 'optimizer', 'gradients', 'parameters']
  : ['optimizer', 'parameters'];

describe.each(shardings)('a state of which %s is shared', (sharding) => {
  it('goes on where it was saved, on another number of ranks and on one', async () => {
    const [through] = await onRanks(2, sharding, (session, parts) => learn(session, parts));
    const [saved] = await onRanks(2, sharding, async (session, parts) => {
      await learn(session, parts.slice(0, 2));
      return copied(session.saveState());
    });
    const [other] = await onRanks(3, sharding, async (session, parts) => {
      await session.loadState(saved!);
      expect(session.step).toBe(2);
      return learn(session, parts.slice(2));
    });
    expect(distance(other!.weights, through!.weights)).toBeLessThan(1e-6);
    const single = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
    await single.loadState(saved!);
    const { weights } = await learn(single, updates.slice(2));
    expect(distance(weights, through!.weights)).toBeLessThan(1e-6);
    single.dispose();
  });
});

describe('on the host', () => {
  it('what lies in shares is read after synchronize alone, and a snapshot is gone back to', async () => {
    await onRanks(2, 'parameters', async (session, parts) => {
      expect(() => session.weights()).toThrow('await synchronize() on every rank before');
      await session.synchronize('weights');
      expect(() => session.weights()).toThrow('or readWeight() for one at a time');
      const [bias, table] = [await session.readWeight('layers.1.bias'), await session.readWeight('table')];
      await session.synchronize();
      const whole = new Map(session.weights().map(({ name, data }) => [name, data]));
      expect(whole.size).toBe(8);
      expect([bias, table]).toEqual([whole.get('layers.1.bias'), whole.get('table')]);
      const step = (i: number) => session.trainStep(parts[i]![0], { learningRate: 0.1 });
      await step(0);
      expect(() => session.weights()).toThrow('await synchronize() on every rank before');
      await session.synchronize();
      const snapshot = session.snapshot();
      const first = await step(1);
      session.restore(snapshot);
      expect(session.step).toBe(1);
      expect(await step(1)).toEqual(first);
    });
  });

  it('an update takes no batch behind its last, and only ranks may have none', async () => {
    await onRanks(2, 'none', async (session, parts) => {
      await session.accumulate(parts[0]![0], { last: true });
      await expect(session.accumulate(parts[0]![0])).rejects.toThrow(
        'expected update() behind the last batch',
      );
    });
    const single = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
    await expect(single.accumulate(undefined)).rejects.toThrow('expected a batch, got none');
    single.dispose();
  });

  it('parameters are shared of a plan that is cut alone, and on the host', async () => {
    const [collective] = loopback(2);
    const compute = { provider: 'cpu', threads: 1, collective: collective!, sharding: 'parameters' } as const;
    await expect(TrainingSession.create(rowPlan(false), compute)).rejects.toThrow('set layer_split');
    await expect(TrainingSession.create(plan, { ...compute, provider: 'wasm' })).rejects.toThrow(
      "collective: expected provider 'cpu' for 2 ranks, got 'wasm'",
    );
  });
});
