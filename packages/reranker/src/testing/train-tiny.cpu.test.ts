import { expect, test } from 'vitest';
import stored from '../fixtures/trained-tiny.json' with { type: 'json' };
import { trainTiny } from './train-tiny.js';

test.each(['cpu', 'wasm'] as const)('%s in Node gives the stored losses and scores', async (provider) => {
  const { losses, before, after } = await trainTiny({ provider });
  for (const [key, values] of Object.entries({ losses, before, after }))
    for (const [i, value] of values.entries())
      expect(Math.abs(value - stored[key as 'losses'][i]!), `${key}[${i}]`).toBeLessThan(1e-4);
});
