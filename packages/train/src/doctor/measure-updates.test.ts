import { expect, test } from 'vitest';
import type { TrainerSession } from '../trainer.js';
import { measureUpdates, spread } from './measure-updates.js';

/** A machine that takes `perToken` ms for a token and 5 ms for an update, and holds 10 bytes for a token of the largest batch. */
function machine(perToken: (batch: number) => number) {
  const log: string[] = [];
  let [clock, largest, batches] = [0, 0, 0];
  const session = {
    accumulate: async (batch: unknown, { last = false } = {}) => {
      const { tokens } = batch as { tokens: number };
      clock += tokens * perToken(batches++);
      largest = Math.max(largest, tokens);
      log.push(`${tokens}${last ? '!' : ''}`);
      return { sum: 1, weight: 1, outputs: {} };
    },
    update: async ({ learningRate }: { learningRate: number }) => {
      clock += 5;
      log.push(`update at ${learningRate}`);
      return { loss: 1, weight: 1, gradientNorm: 1 };
    },
  } as unknown as TrainerSession;
  return { session, log, now: () => clock, residentBytes: () => 1000 + 10 * largest };
}

const dataOf = (tokens: readonly number[]) => ({
  batchesPerEpoch: tokens.length,
  async *batches(_epoch: number, _draw: unknown, from = 0) {
    for (const count of tokens.slice(from)) yield { batch: { tokens: count } as never, tokens: count };
  },
});
const draw = () => ({ seed: 1, update: 0, inputs: [] });
const never = () => false;

test('the largest batch is first; the pace is that of the others, without the optimizer', async () => {
  const { session, log, ...platform } = machine((batch) => (batch === 0 ? 50 : 2));
  const found = await measureUpdates(session, {
    ...{ ...platform, draw, isOver: never, accumulation: 1 },
    data: dataOf([10, 20, 40, 30]),
    sampled: { largest: { place: 2, tokens: 40 } },
  });
  expect(log.filter((line) => line.endsWith('!'))).toEqual(['40!', '20!', '40!', '30!']);
  expect(log.filter((line) => line.startsWith('update'))).toEqual(new Array(4).fill('update at 0'));
  expect(found.secondsPerToken.mean).toBeCloseTo(0.002, 12);
  expect(found.secondsPerToken.error).toBeCloseTo(0, 12);
  expect(found).toMatchObject({ updates: 3, isFirst: false, updateSeconds: 0.005, peakBytes: 1400 });
});

test('ends when the time is over, after one update at least, which then stands alone', async () => {
  const { session, log, now } = machine(() => 1);
  const found = await measureUpdates(session, {
    ...{ now, draw, isOver: () => true, accumulation: 1 },
    data: dataOf([10, 20]),
    sampled: { largest: { place: 1, tokens: 20 } },
  });
  expect(log).toEqual(['20!', 'update at 0']);
  expect(found).toEqual({
    ...{ updates: 1, isFirst: true, updateSeconds: 0.005 },
    secondsPerToken: { mean: 0.001 },
  });
});

test('ends when the pace is known well, and else after a dozen', async () => {
  const updates = async (perToken: (batch: number) => number) => {
    const { session, now } = machine(perToken);
    const data = dataOf(new Array(100).fill(10));
    const sampled = { largest: { place: 0, tokens: 10 } };
    return measureUpdates(session, { now, draw, isOver: never, accumulation: 1, data, sampled });
  };
  expect((await updates(() => 1)).updates).toBe(4);
  const uneven = await updates((batch) => 1 + (batch % 2));
  expect(uneven.updates).toBe(12);
  expect(uneven.secondsPerToken.error).toBeGreaterThan(0.0001);
});

test('a long accumulation is cut to two batches, gathered before each update', async () => {
  const { session, log, now } = machine(() => 1);
  const data = dataOf([4, 3, 2]);
  const sampled = { largest: { place: 0, tokens: 4 } };
  await measureUpdates(session, { now, draw, isOver: never, accumulation: 64, data, sampled });
  expect(log).toEqual(['4', '4!', 'update at 0', '3', '2!', 'update at 0']);
});

test('a mean and its standard error', () => {
  expect(spread([1, 2, 3])).toEqual({ mean: 2, error: Math.sqrt(1 / 3) });
  expect(spread([7])).toEqual({ mean: 7 });
});
