import { expect, test } from 'vitest';
import stored from '../fixtures/trained-tiny.json' with { type: 'json' };
import { trainTiny } from './train-tiny.js';

test('a reranker trained in a page has the losses and scores of one trained in Node', async () => {
  const { losses, before, after } = await trainTiny({ provider: 'wasm' });
  for (const [key, values] of Object.entries({ losses, before, after })) {
    expect(values).toHaveLength(stored[key as 'losses'].length);
    for (const [i, value] of values.entries())
      expect(Math.abs(value - stored[key as 'losses'][i]!), `${key}[${i}]`).toBeLessThan(1e-4);
  }
  for (const [i, score] of after.entries()) expect(Math.abs(score - before[i]!)).toBeGreaterThan(0.1);
});
