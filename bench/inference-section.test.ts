import { expect, test } from 'vitest';
import { inferenceSection } from './inference-section.js';

test('a line for each task, with the ratio of the rounds', () => {
  const measured = { perSecond: 40, processorSeconds: 3, openMs: 300, peakMb: 400 };
  const row = {
    task: 'reranker' as const,
    rows: 64,
    by: {
      ours: measured,
      transformers: { perSecond: 16, processorSeconds: 7.5, openMs: 500.4, peakMb: 1500 },
    },
    ratios: { median: 2.6, min: 2.4, max: 2.7 },
    largestDifference: 1e-6,
  };
  const [about, table, difference] = inferenceSection([row], { shape: '384,12,1536,6', rounds: 3 });
  expect(about).toContain('A BERT of 6 layers, hidden size 384, 12 heads, feed-forward size 1536');
  expect(about).toContain('3 rounds');
  expect(table!.split('\n')[2]).toBe(
    '| reranker, 64 pairs | 40.0 | 16.0 | 2.60× (2.40×–2.70×) | 2.50× | 300 | 500 | 400 | 1500 |',
  );
  expect(difference).toBe('Largest difference between the two, over the first 32: reranker 1.0e-6.');
});
