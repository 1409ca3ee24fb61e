import { expect, test } from 'vitest';
import stored from '../fixtures/trained-tiny.json' with { type: 'json' };
import { trainTiny } from './train-tiny.js';

test.each([
  ['wasm', 1e-4],
  ['webgpu', 1e-3],
] as const)(
  'a reranker trained on %s has the losses and scores of one trained in Node',
  async (provider, tolerance) => {
    const { losses, before, after } = await trainTiny({ provider });
    for (const [key, values] of Object.entries({ losses, before, after })) {
      expect(values).toHaveLength(stored[key as 'losses'].length);
      for (const [i, value] of values.entries())
        expect(Math.abs(value - stored[key as 'losses'][i]!), `${key}[${i}]`).toBeLessThan(tolerance);
    }
    for (const [i, score] of after.entries()) expect(Math.abs(score - before[i]!)).toBeGreaterThan(0.1);
  },
  // Software WebGPU compiles a shader for each shape of a batch.
  400_000,
);
