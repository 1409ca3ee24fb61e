import { expect, test } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import { checkEqualStart, digestOf, watchedStart } from './rank-start.js';

test('a digest tells values apart that differ in a bit, or in order', () => {
  const values = Float32Array.from({ length: 9 }, (_, i) => i);
  const swapped = values.slice().reverse();
  const nearly = values.slice();
  nearly[7] = 7.000001;
  expect(new Set([values, swapped, nearly, values.subarray(1)].map(digestOf)).size).toBe(4);
  expect(digestOf(values.slice())).toBe(digestOf(values));
});

test('values are watched as they are read', async () => {
  const values = Float32Array.of(1, 2);
  const { initial, digests } = watchedStart({ value: () => values } as never);
  expect(await initial.value({ name: 'w', dtype: 'float32', shape: [2] })).toBe(values);
  expect([...digests]).toEqual([['w', digestOf(values)]]);
});

test('all ranks hear which parameter, or that the step, differs', async () => {
  const start = (digestOfRank: (rank: number) => number, stepOfRank: (rank: number) => number) =>
    Promise.allSettled(
      loopback(3).map((collective) =>
        checkEqualStart(
          new Map([
            ['same', 5],
            ['w', digestOfRank(collective.rank)],
          ]),
          stepOfRank(collective.rank),
          collective,
        ),
      ),
    );
  for (const { status } of await start(
    () => 7,
    () => 2,
  ))
    expect(status).toBe('fulfilled');
  for (const result of await start(
    (rank) => rank,
    () => 2,
  ))
    expect(String((result as PromiseRejectedResult).reason)).toContain('parameter "w": expected the same');
  for (const result of await start(
    () => 7,
    (rank) => rank,
  ))
    expect(String((result as PromiseRejectedResult).reason)).toContain('step: expected the same');
});
