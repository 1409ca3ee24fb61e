import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { openDataset } from './dataset.js';
import { positiveGroups } from './groups.js';
import { type LoadedBatch, loadBatches, type Place } from './loader.js';

const rows = Array.from({ length: 23 }, (_, i) =>
  JSON.stringify({
    query: `q${i}`,
    pos: ['p', 'pp'],
    neg: Array.from({ length: 9 }, (_, j) => `${'n'.repeat(i)}${j}`),
  }),
);
const open = () =>
  openDataset([bytesSource('f', rows.join('\n'))], positiveGroups({ size: 4, seed: 7 }), { cacheBytes: 200 });

async function collect<E>(batches: AsyncIterable<LoadedBatch<E>>): Promise<LoadedBatch<E>[]> {
  const all = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

test('a run resumed at any place of a fresh data set gives the same remaining batches', async () => {
  const dataset = await open();
  const options = { seed: 7, batchSize: 4, lengths: dataset.lengths };
  for (const epoch of [0, 3]) {
    const whole = await collect(loadBatches(dataset, options, { epoch, batch: 0 }));
    expect(whole).toHaveLength(6);
    for (let batch = 0; batch < 6; batch++) {
      const rest = await collect(loadBatches(await open(), options, { epoch, batch }));
      expect(rest).toEqual(whole.slice(batch));
    }
  }
});

test('following `next` walks from epoch to epoch', async () => {
  const dataset = await open();
  const options = { seed: 7, batchSize: 10 };
  const places: string[] = [];
  let place: Place = { epoch: 0, batch: 0 };
  for (let step = 0; step < 7; step++) {
    const { value } = await loadBatches(dataset, options, place).next();
    places.push(`${value!.place.epoch}.${value!.place.batch}/${value!.batches}`);
    place = value!.next;
  }
  expect(places).toEqual(['0.0/3', '0.1/3', '0.2/3', '1.0/3', '1.1/3', '1.2/3', '2.0/3']);
});

test('negatives change between epochs', async () => {
  const dataset = await open();
  const options = { seed: 7, batchSize: 23, shuffle: false };
  const [first] = await collect(loadBatches(dataset, options, { epoch: 0, batch: 0 }));
  const [second] = await collect(loadBatches(dataset, options, { epoch: 1, batch: 0 }));
  expect(first!.examples.map(({ query }) => query)).toEqual(second!.examples.map(({ query }) => query));
  expect(first!.examples).not.toEqual(second!.examples);
});

test('a place beyond the epoch is refused', async () => {
  const batches = loadBatches(await open(), { seed: 7, batchSize: 10 }, { epoch: 0, batch: 3 });
  await expect(batches.next()).rejects.toThrow('batch: expected 0 to 2, got 3 — resume with the data');
});

test('an error of a batch read ahead comes when its turn comes', async () => {
  const dataset = {
    length: 2,
    example: async (index: number) => {
      if (index === 1) throw new Error('broken');
      return index;
    },
  };
  const batches = loadBatches(dataset, { seed: 1, batchSize: 1, shuffle: false });
  expect((await batches.next()).value!.examples).toEqual([0]);
  await expect(batches.next()).rejects.toThrow('broken');
});
