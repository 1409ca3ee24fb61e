import { expect, test } from 'vitest';
import { heldOutMetrics } from './held-out-metrics.js';

test('metrics after training, beside those before and the baselines where there are any', () => {
  const at = (mean: number) => ({ mean, low: mean - 0.1, high: mean + 0.1 });
  expect(heldOutMetrics({ map: at(0.25) }, { map: at(0.5), 'mrr@10': at(0.75) })).toEqual([
    { name: 'map', ...at(0.5), before: 0.25 },
    { name: 'mrr@10', ...at(0.75) },
  ]);
  expect(
    heldOutMetrics({}, { map: at(0.5) }, { bm25: { map: at(0.75) }, chance: { map: { mean: 0 } } }),
  ).toEqual([{ name: 'map', ...at(0.5), bm25: 0.75, chance: 0 }]);
});
