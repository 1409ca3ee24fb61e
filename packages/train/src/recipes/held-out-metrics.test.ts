import { expect, test } from 'vitest';
import { heldOutMetrics } from './held-out-metrics.js';

test('metrics after training, beside those before where there are any', () => {
  const at = (mean: number) => ({ mean, low: mean - 0.1, high: mean + 0.1 });
  expect(heldOutMetrics({ map: at(0.25) }, { map: at(0.5), 'mrr@10': at(0.75) })).toEqual([
    { name: 'map', ...at(0.5), before: 0.25 },
    { name: 'mrr@10', ...at(0.75) },
  ]);
});
