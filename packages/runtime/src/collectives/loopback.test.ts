import { describe, expect, test } from 'vitest';
import { collectiveExam } from '../testing/collective-exam.js';
import { type Collective, CollectiveError } from './collective.js';
import { loopback } from './loopback.js';

for (const size of [1, 2, 3, 4]) collectiveExam('loopback', size, loopback);

describe('ranks that differ', () => {
  const floats = () => new Float32Array(4);
  const pairs: [string, (first: Collective) => Promise<void>, (second: Collective) => Promise<void>][] = [
    ['methods', (a) => a.barrier(), (b) => b.allReduce(floats())],
    ['lengths', (a) => a.allReduce(new Float32Array(3)), (b) => b.allReduce(floats())],
    ['element types', (a) => a.allReduce(new Float64Array(4)), (b) => b.allReduce(floats())],
    ['operations', (a) => a.allReduce(floats(), 'max'), (b) => b.allReduce(floats())],
    ['bounds', (a) => a.allGather(floats(), [0, 1, 4]), (b) => b.allGather(floats(), [0, 2, 4])],
    ['roots', (a) => a.broadcast(floats(), 0), (b) => b.broadcast(floats(), 1)],
    ['close', (a) => a.close(), (b) => b.barrier()],
  ];
  test.each(pairs)('in %s fail together', async (_, first, second) => {
    const [a, b] = loopback(2) as [Collective, Collective];
    const outcomes = await Promise.allSettled([first(a), second(b)]);
    for (const [rank, outcome] of outcomes.entries()) {
      const reason = outcome.status === 'rejected' ? outcome.reason : null;
      expect(reason).toBeInstanceOf(CollectiveError);
      expect(reason).toMatchObject({ rank });
      expect(String(reason)).toMatch(/expected all ranks to make the same call, got rank 0 .*; rank 1 /);
    }
    await expect(b.barrier()).rejects.toThrow('same call');
  });
});

test('abort fails what other ranks wait for', async () => {
  const [a, b] = loopback(2) as [Collective, Collective];
  const waiting = a.barrier();
  expect(() => b.abort('rank 1 lost its data')).toThrow('rank 1 lost its data');
  await expect(waiting).rejects.toThrow('rank 1 lost its data');
});

test('a sum is taken when all ranks are there, and what is not owned is no number afterwards', async () => {
  const [a, b] = loopback(2) as [Collective, Collective];
  const first = Float32Array.of(1, 2);
  const call = a.reduceScatter(first, [0, 1, 2]);
  expect([...first]).toEqual([1, 2]);
  await Promise.all([call, b.reduceScatter(Float32Array.of(10, 20), [0, 1, 2])]);
  expect([...first]).toEqual([11, Number.NaN]);
});

test.each([0, -1, 1.5])('%d ranks are refused', (size) => {
  expect(() => loopback(size)).toThrow('expected a number of ranks from 1');
});
