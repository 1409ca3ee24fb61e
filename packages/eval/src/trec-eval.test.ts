import { expect, it } from 'vitest';
import { evaluateRanking } from './evaluate-ranking.js';
import golden from './fixtures/trec-eval.json' with { type: 'json' };
import type { MetricName } from './metric.js';

it.each(Object.entries(golden.values))('%s equals the genuine trec_eval on every query', (name, expected) => {
  const metric = name as MetricName;
  const { perQuery } = evaluateRanking(golden.queries, [metric]);
  expect(perQuery[metric]).toHaveLength(expected.length);
  // trec_eval prints four digits.
  for (const [i, value] of perQuery[metric]!.entries()) {
    expect(Math.abs(value - expected[i]!), `query ${i}`).toBeLessThan(0.000_051);
  }
});
