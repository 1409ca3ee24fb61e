import { epochBatches } from '@rag/data';
import { expect, test } from 'vitest';
import { epochSampler } from './epoch-sampler.js';

const settings = { seed: 1, batchSize: 4, shuffle: true, dataloaderDropLast: false };

test('counts the batches of an epoch as the sampler makes them', () => {
  const groups = Int32Array.from({ length: 10 }, (_, i) => (i < 5 ? 0 : i < 9 ? 1 : -1));
  for (const [more, count] of [
    [{}, 3],
    [{ dataloaderDropLast: true }, 2],
    [{ groups }, 3],
    [{ groups, dataloaderDropLast: true }, 2],
  ] as const) {
    const { groups: given, ...changed } = { groups: undefined, ...more };
    const { sampler, batchesPerEpoch } = epochSampler(
      { ...settings, ...changed },
      { length: 10 },
      {
        ...(given && { groups: given }),
      },
    );
    expect(batchesPerEpoch).toBe(count);
    for (const epoch of [0, 1]) expect(epochBatches(10, epoch, sampler)).toHaveLength(count);
  }
});

test('an epoch of one short batch that is left out is refused', () => {
  expect(() => epochSampler({ ...settings, dataloaderDropLast: true }, { length: 3 })).toThrow(
    'dataloader_drop_last: expected at least one whole batch of 4, got 3 examples — lower batch_size, or leave it out',
  );
});
