import { expect, it } from 'vitest';
import { type MetricName, metricNamed } from './metric.js';
import { rankInOrder } from './ranking.js';

const ranking = rankInOrder([0, 2, 1]);

it('reads the name and the cut-off', () => {
  expect(metricNamed('mrr')(ranking)).toBe(0.5);
  expect(metricNamed('mrr@1')(ranking)).toBe(0);
  expect(metricNamed('recall@2')(ranking)).toBe(0.5);
  expect(metricNamed('precision@2')(ranking)).toBe(0.5);
  expect(metricNamed('hit-rate@2')(ranking)).toBe(1);
  expect(metricNamed('map@2')(ranking)).toBe(0.25);
  expect(metricNamed('ndcg@2')(ranking)).not.toBe(metricNamed('ndcg-exponential@2')(ranking));
});

it.each(['mmr@10', 'mrr@0', 'mrr@', 'mrr@ten', 'MRR@10', 'toString', 'mrr@1.5'])('refuses %s', (name) => {
  expect(() => metricNamed(name as MetricName)).toThrow(`metric "${name}": expected one of mrr, ndcg,`);
});

it.each(['recall', 'precision', 'hit-rate'] as const)('asks for the cut-off of %s', (name) => {
  expect(() => metricNamed(name)).toThrow(
    `metric "${name}": expected a cut-off, got none — write for example ${name}@10`,
  );
});
