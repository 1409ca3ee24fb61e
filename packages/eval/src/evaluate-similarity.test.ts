import { expect, it } from 'vitest';
import { evaluateSimilarity, pairSimilarities } from './evaluate-similarity.js';
import golden from './fixtures/correlations.json' with { type: 'json' };

const { dim, labels } = golden.vectors;
const first = Float32Array.from(golden.vectors.first);
const second = Float32Array.from(golden.vectors.second);

it.each(['cosine', 'dot'] as const)('vectors by %s correlate as scipy says', (similarity) => {
  const expected = similarity === 'dot' ? golden.vectors.dot : golden.vectors.curve[0]!;
  const evaluation = evaluateSimilarity({ first, second, dim, labels, similarity });
  expect(evaluation.pearson).toBeCloseTo(expected.pearson, 12);
  expect(evaluation.spearman).toBeCloseTo(expected.spearman, 12);
  expect(evaluation.pairs).toBe(24);
});

it('takes scores as well, and cosine is the default', () => {
  const scores = pairSimilarities({ first, second, dim });
  expect(evaluateSimilarity({ scores, labels })).toEqual(evaluateSimilarity({ first, second, dim, labels }));
});

it('compares row with row', () => {
  const a = Float32Array.of(1, 0, 3, 4);
  const b = Float32Array.of(2, 2, 3, 4);
  expect([...pairSimilarities({ first: a, second: b, dim: 2, similarity: 'dot' })]).toEqual([2, 25]);
  const [one, two] = pairSimilarities({ first: a, second: b, dim: 2 });
  expect(one).toBeCloseTo(Math.SQRT1_2, 15);
  expect(two).toBeCloseTo(1, 15);
});

it('refuses pairs that do not match', () => {
  expect(() => evaluateSimilarity({ scores: [1, 2], labels: [1] })).toThrow(
    'evaluateSimilarity: expected 2 labels (one per pair), got 1',
  );
  expect(() => evaluateSimilarity({ first, second: second.subarray(dim), dim, labels })).toThrow(
    'expected two matrices of 24 rows, got 23 in the second',
  );
  const zero = first.slice().fill(0, dim, 2 * dim);
  expect(() => evaluateSimilarity({ first, second: zero, dim, labels })).toThrow(
    'second[1]: expected a vector',
  );
  expect(() => evaluateSimilarity({ scores: labels.map(() => 1), labels })).toThrow(
    'expected values that differ',
  );
});
