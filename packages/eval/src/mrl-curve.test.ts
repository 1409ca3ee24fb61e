import { expect, it } from 'vitest';
import { evaluateRetrieval } from './evaluate-retrieval.js';
import golden from './fixtures/correlations.json' with { type: 'json' };
import { mrlCurve } from './mrl-curve.js';
import { seededRandom } from './random.js';

const { dim, labels, curve } = golden.vectors;
const random = seededRandom(4);
const matrix = (rows: number) => Float32Array.from({ length: rows * dim }, () => random() - 0.5);
const queries = matrix(6);
const documents = matrix(40);
const queryIds = Array.from({ length: 6 }, (_, i) => `q${i}`);
const documentIds = Array.from({ length: 40 }, (_, i) => (i < 6 ? `q${i}` : `d${i}`));
const qrels = new Map(
  queryIds.map((id) => [id, new Map(documentIds.map((document) => [document, random() < 0.3 ? 1 : 0]))]),
);
const task = { kind: 'retrieval', queries, queryIds, documents, documentIds, dim, qrels } as const;
const metrics = ['ndcg@10', 'mrr@10', 'recall@20'] as const;

/** Every cosine of the first `width` numbers, as a run. */
function runOf(width: number) {
  const cosine = (q: number, d: number) => {
    let [dot, qq, dd] = [0, 0, 0];
    for (let i = 0; i < width; i++) {
      const [a, b] = [queries[q * dim + i]!, documents[d * dim + i]!];
      dot += a * b;
      qq += a * a;
      dd += b * b;
    }
    return dot / Math.sqrt(qq * dd);
  };
  return new Map(queryIds.map((id, q) => [id, new Map(documentIds.map((name, d) => [name, cosine(q, d)]))]));
}

it('equals scipy on the cosines of cut vectors', async () => {
  const first = Float32Array.from(golden.vectors.first);
  const second = Float32Array.from(golden.vectors.second);
  const points = await mrlCurve({ kind: 'similarity', first, second, dim, labels }, [8, 5, 2]);
  expect(points.map((point) => point.dim)).toEqual([8, 5, 2]);
  for (const [i, point] of points.entries()) {
    expect(point.pearson).toBeCloseTo(curve[i]!.pearson, 6);
    expect(point.spearman).toBeCloseTo(curve[i]!.spearman, 12);
  }
});

it('equals the evaluation of every cosine of cut vectors', async () => {
  const points = await mrlCurve({ ...task, metrics, k: 40 }, [2, 4, 8]);
  expect(points.map((point) => point.dim)).toEqual([2, 4, 8]);
  for (const point of points) {
    const expected = evaluateRetrieval(runOf(point.dim), qrels, metrics);
    expect(point).toEqual({ dim: point.dim, ...expected });
  }
  expect(points[0]!.means).not.toEqual(points[2]!.means);
});

it('reads a stream once for all dimensions, ids included', async () => {
  const ids: string[] = [];
  let reads = 0;
  async function* stream() {
    reads++;
    for (let i = 0; i < 40; i += 7) {
      ids.push(...documentIds.slice(i, i + 7));
      yield documents.subarray(i * dim, (i + 7) * dim);
    }
  }
  const streamed = await mrlCurve({ ...task, metrics, documents: stream(), documentIds: ids }, [2, 4, 8]);
  expect(streamed).toEqual(await mrlCurve({ ...task, metrics }, [2, 4, 8]));
  expect(reads).toBe(1);
});

it('leaves out the document named like the query before the cut at k', async () => {
  const [point] = await mrlCurve({ ...task, metrics: ['recall@20'], k: 20, leaveOutSameId: true }, [4]);
  const expected = evaluateRetrieval(runOf(4), qrels, ['recall@20'], { leaveOutSameId: true });
  expect(point!.perQuery).toEqual(expected.perQuery);
});

it('refuses dimensions and depths that make no curve', async () => {
  await expect(mrlCurve({ ...task, metrics }, [])).rejects.toThrow(
    'dims expected different dimensions, got []',
  );
  await expect(mrlCurve({ ...task, metrics }, [4, 4])).rejects.toThrow('got [4, 4]');
  await expect(mrlCurve({ ...task, metrics }, [9])).rejects.toThrow('expected a width from 1 to 8, got 9');
  await expect(mrlCurve({ ...task, metrics, k: 10 }, [4])).rejects.toThrow(
    'k expected at least the largest cut-off 20, got 10',
  );
  const zero = documents.slice();
  zero.fill(0, 39 * dim, 39 * dim + 2);
  await expect(mrlCurve({ ...task, metrics, documents: [documents, zero] }, [8, 2])).rejects.toThrow(
    'documents[79]: expected a vector with a direction, got zeros',
  );
});
