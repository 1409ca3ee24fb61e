import { describe, expect, it } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import { arrayPool } from './array-pool.js';
import {
  type GroupMemory,
  groupMemory,
  pieceOf,
  piecesOf,
  placedParameters,
  putParameter,
} from './group-memory.js';
import type { ParameterGroup } from './parameter-groups.js';
import { gatherParameter, lendValues, reduceGradients, returnValues } from './rank-transfers.js';
import type { Sharding } from './sharding.js';

/** Two parameters in 20 elements, three buckets; parameter b lies in two of them. */
const group: ParameterGroup = {
  segments: [0],
  parameters: [
    { name: 'a', shape: [2, 3], offset: 0, length: 6 },
    { name: 'b', shape: [9], offset: 8, length: 9 },
  ],
  length: 20,
  buckets: [
    [0, 3, 6, 8],
    [8, 10, 12, 14],
    [14, 16, 18, 20],
  ],
};
const ranks = 3;

/** Does something on every rank with a memory of its own. */
const everywhere = <T>(
  sharding: Sharding,
  act: (memory: GroupMemory, collective: ReturnType<typeof loopback>[number]) => Promise<T>,
): Promise<T[]> =>
  Promise.all(
    loopback(ranks).map((collective) => act(groupMemory(group, collective.rank, sharding), collective)),
  );

const values = Float32Array.from({ length: 9 }, (_, i) => i + 1);

describe.each<Sharding>(['none', 'optimizer', 'gradients', 'parameters'])('sharing %s', (sharding) => {
  it('gives every element of a parameter to one rank, or to each', () => {
    const owners = new Int32Array(9);
    for (let rank = 0; rank < ranks; rank++)
      for (const { from, to } of piecesOf(groupMemory(group, rank, sharding), group.parameters[1]!))
        for (let i = from; i < to; i++) owners[i]!++;
    expect([...owners]).toEqual(new Array(9).fill(sharding === 'none' ? ranks : 1));
  });

  it('gathers a parameter as it was put', async () => {
    const gathered = await everywhere(sharding, async (memory, collective) => {
      const placed = placedParameters([memory]).get('b')!;
      for (const part of ['value', 'first'] as const) putParameter(placed, part, values);
      if (sharding === 'none') return values;
      return gatherParameter(memory, placed.parameter, 'first', collective);
    });
    for (const one of gathered) expect(one).toEqual(values);
  });

  it('sums gradients where they are updated, twice', async () => {
    await everywhere(sharding, async (memory, collective) => {
      const pool = arrayPool();
      for (const _ of [0, 1]) {
        if (memory.own.gradient) memory.whole.gradient = pool.take(group.length);
        memory.whole.gradient!.forEach((_element, i, all) => {
          all[i] = i * (collective.rank + 1);
        });
        await reduceGradients(memory, collective, pool);
      }
      const times = memory.own.gradient ? 12 : 6;
      for (const parameter of group.parameters)
        for (const piece of piecesOf(memory, parameter))
          pieceOf(memory, 'gradient', piece).forEach((sum, i) => {
            expect(sum).toBe(times * (piece.place + i));
          });
    });
  });
});

it('parameters are whole while they are lent', async () => {
  await everywhere('parameters', async (memory, collective) => {
    const pool = arrayPool();
    putParameter(placedParameters([memory]).get('b')!, 'value', values);
    expect(memory.whole.value).toBeUndefined();
    await lendValues(memory, collective, pool);
    expect(memory.whole.value!.subarray(8, 17)).toEqual(values);
    returnValues(memory, pool);
    expect(memory.whole.value).toBeUndefined();
  });
});
