import { expect, test } from 'vitest';
import { batchAt, sampleBatches, spreadPlaces } from './sampled-batches.js';

const draw = () => ({ seed: 1, update: 0, inputs: [] });

/** An epoch of batches with so many tokens, and the places at which it was read. */
function dataOf(tokens: readonly number[]) {
  const read: number[] = [];
  return {
    read,
    batchesPerEpoch: tokens.length,
    async *batches(_epoch: number, _draw: unknown, from = 0) {
      for (let place = from; place < tokens.length; place++) {
        read.push(place);
        yield { batch: {}, tokens: tokens[place]! };
      }
    },
  };
}

test('places are each of the range once, spread at every length', () => {
  const places = [...spreadPlaces(1, 9)];
  expect(places).toEqual([5, 3, 7, 2, 6, 4, 8, 1]);
  expect([...spreadPlaces(2, 2)]).toEqual([]);
  expect([...spreadPlaces(1, 8)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a whole epoch is counted; no batch is made that is not looked at', async () => {
  const data = dataOf([9, 2, 30, 4]);
  const found = await sampleBatches(data, draw, { most: 16, isOver: () => false });
  expect(found).toEqual({ batches: 4, largest: { place: 2, tokens: 30 }, tokensPerEpoch: 45 });
  expect(data.read).toHaveLength(4);
});

test('of a long epoch the first batch stands for itself, the others for the rest', async () => {
  const data = dataOf([100, ...new Array(99).fill(10)]);
  expect(await sampleBatches(data, draw, { most: 5, isOver: () => false })).toEqual({
    batches: 5,
    largest: { place: 0, tokens: 100 },
    tokensPerEpoch: 1090,
  });
  expect(data.read).toEqual([0, 50, 25, 75, 13]);
  const short = await sampleBatches(dataOf([5, 7, 9]), draw, { most: 5, isOver: () => true });
  expect(short).toMatchObject({ batches: 2, tokensPerEpoch: 23 });
});

test('an epoch of one batch', async () => {
  const data = dataOf([7]);
  const found = await sampleBatches(data, draw, { most: 16, isOver: () => false });
  expect(found).toEqual({ batches: 1, largest: { place: 0, tokens: 7 }, tokensPerEpoch: 7 });
  await expect(batchAt(data, draw, 1)).rejects.toThrow('batches: expected one at place 1, got none');
});
