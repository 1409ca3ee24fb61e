import { describe, expect, it } from 'vitest';
import { type BlockProduct, blockProduct } from './block-product.js';
import { seededRandom } from './random.js';
import { type TopKOptions, topK } from './top-k.js';

const dim = 5;

/** Vectors on a coarse grid, so that many similarities are equal; never zero. */
function vectors(rows: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * dim }, (_, i) =>
    i % dim === 0 ? 1 : Math.floor(random() * 3) - 1,
  );
}

/** Every similarity by itself, sorted in full. */
function bySorting(
  { queries, k, similarity = 'cosine', leaveOut }: Omit<TopKOptions, 'documents'>,
  documents: Float32Array,
) {
  const norm = (v: Float32Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  const rows = (m: Float32Array) =>
    Array.from({ length: m.length / dim }, (_, i) => m.subarray(i * dim, (i + 1) * dim));
  return rows(queries).map((query, q) => {
    const all = rows(documents).map((row, document) => {
      const dot = query.reduce((sum, x, i) => sum + x * row[i]!, 0);
      return { document, score: similarity === 'dot' ? dot : dot / norm(query) / norm(row) };
    });
    // Float32 decides about ties.
    all.sort((a, b) => {
      const [x, y] = [Math.fround(a.score), Math.fround(b.score)];
      return Math.abs(x - y) < 1e-6 ? a.document - b.document : y - x;
    });
    return all.filter(({ document }) => leaveOut?.(q, document) !== true).slice(0, k);
  });
}

const queries = vectors(7, 1);
const documents = vectors(97, 2);

describe('topK', () => {
  it.each(['cosine', 'dot'] as const)('equals a full sort by %s, ties by document', async (similarity) => {
    for (const k of [1, 3, 10, 97, 200]) {
      const hits = await topK({ queries, documents, dim, k, similarity });
      for (const [q, expected] of bySorting({ queries, dim, k, similarity }, documents).entries()) {
        const scores = [...hits[q]!.scores];
        expect(scores).toHaveLength(Math.min(k, 97));
        for (const [i, { score }] of expected.entries()) expect(scores[i]).toBeCloseTo(score, 6);
        if (similarity === 'dot') {
          expect([...hits[q]!.documents]).toEqual(expected.map(({ document }) => document));
        }
        // Under cosine, vectors of different length may tie in exact arithmetic only: order by what was computed.
        for (let i = 1; i < scores.length; i++) {
          expect(scores[i]! <= scores[i - 1]!).toBe(true);
          if (scores[i] === scores[i - 1]) {
            expect(hits[q]!.documents[i]!).toBeGreaterThan(hits[q]!.documents[i - 1]!);
          }
        }
      }
    }
  });

  it('gives the same bits whatever the blocks, and whether they come at once, as a list or as a stream', async () => {
    const random = seededRandom(9);
    const smooth = Float32Array.from({ length: 60 * dim }, () => random() - 0.5);
    const whole = await topK({ queries, documents: smooth, dim, k: 9 });
    for (const [queryRows, documentRows] of [
      [1, 1],
      [2, 7],
      [3, 59],
      [7, 60],
      [100, 13],
    ] as const) {
      expect(await topK({ queries, documents: smooth, dim, k: 9, queryRows, documentRows })).toEqual(whole);
    }
    const cuts = [0, 4, 4, 31, 60];
    const blocks = cuts.slice(1).map((end, i) => smooth.slice(cuts[i]! * dim, end * dim));
    expect(await topK({ queries, documents: blocks, dim, k: 9, documentRows: 10 })).toEqual(whole);
    async function* stream() {
      yield* blocks;
    }
    expect(await topK({ queries, documents: stream(), dim, k: 9 })).toEqual(whole);
  });

  it('hands the product no more rows than asked for, and takes its numbers', async () => {
    const shapes: string[] = [];
    const product: BlockProduct = async (q, d, width) => {
      shapes.push(`${q.length / width}×${d.length / width}`);
      return blockProduct(q, d, width).map((x) => -x);
    };
    const hits = await topK({
      queries,
      documents,
      dim,
      k: 2,
      similarity: 'dot',
      product,
      queryRows: 4,
      documentRows: 50,
    });
    expect(shapes).toEqual(['4×50', '3×50', '4×47', '3×47']);
    const negated = queries.map((x) => -x);
    expect(hits).toEqual(await topK({ queries: negated, documents, dim, k: 2, similarity: 'dot' }));
  });

  it('asks for documents that a query must not find, without losing a place', async () => {
    const leaveOut = (query: number, document: number) => document % 7 === query;
    const hits = await topK({ queries, documents, dim, k: 5, similarity: 'dot', leaveOut });
    const expected = bySorting({ queries, dim, k: 5, similarity: 'dot', leaveOut }, documents);
    expect(hits.map((hit) => [...hit.documents])).toEqual(
      expected.map((rows) => rows.map(({ document }) => document)),
    );
  });

  it('ties are equal float32 scores: copies of one vector at many lengths stay in order, also at the cut', async () => {
    const lengths = Array.from({ length: 50 }, (_, i) => 1 + i / 7);
    const unit = [0.3, -0.2, 0.7, 0.1, 0.5];
    const copies = Float32Array.from(lengths.flatMap((length) => unit.map((x) => Math.fround(x) * length)));
    const hits = await topK({ queries: Float32Array.from(unit), documents: copies, dim, k: 50 });
    const scores = Array.from(hits[0]!.documents, (document, i) => ({
      document,
      score: hits[0]!.scores[i]!,
    }));
    const sorted = scores.toSorted((a, b) => b.score - a.score || a.document - b.document);
    expect(new Set(scores.map(({ score }) => score)).size).toBeLessThan(10);
    for (const k of [1, 2, 5, 20, 49]) {
      const [best] = await topK({ queries: Float32Array.from(unit), documents: copies, dim, k });
      expect([...best!.documents]).toEqual(sorted.slice(0, k).map(({ document }) => document));
    }
  });

  it('leaves the vectors as they are', async () => {
    const [q, d] = [queries.slice(), documents.slice()];
    await topK({ queries: q, documents: d, dim, k: 2 });
    expect([q, d]).toEqual([queries, documents]);
  });

  it('finds nothing among no documents', async () => {
    const [hits] = await topK({ queries: queries.slice(0, dim), documents: [], dim, k: 3 });
    expect(hits).toEqual({ documents: new Uint32Array(0), scores: new Float32Array(0) });
  });

  it('says what is wrong with vectors', async () => {
    const zero = new Float32Array(2 * dim).fill(1, 0, dim);
    await expect(topK({ queries: zero, documents, dim, k: 1 })).rejects.toThrow(
      'queries[1]: expected a vector',
    );
    const list = [documents, zero];
    await expect(topK({ queries, documents: list, dim, k: 1, documentRows: 10 })).rejects.toThrow(
      'documents[98]: expected a vector with a direction, got zeros',
    );
    await expect(topK({ queries, documents: zero, dim, k: 1, similarity: 'dot' })).resolves.toHaveLength(7);
    const nan = documents.slice().fill(Number.NaN, 96 * dim);
    for (const similarity of ['dot', 'cosine'] as const) {
      await expect(topK({ queries, documents: nan, dim, k: 1, similarity })).rejects.toThrow(
        'documents[96]: expected finite numbers',
      );
      await expect(topK({ queries: nan, documents, dim, k: 1, similarity })).rejects.toThrow(
        'queries[96]: expected finite numbers',
      );
    }
    await expect(topK({ queries, documents: documents.subarray(1), dim, k: 1 })).rejects.toThrow(
      'documents: expected rows of 5 numbers, got 484',
    );
    const huge = new Float32Array(dim).fill(3e38);
    await expect(topK({ queries: huge, documents: huge, dim, k: 1, similarity: 'dot' })).rejects.toThrow(
      'query 0 and document 0 expected a finite similarity, got Infinity',
    );
  });

  it('says what is wrong with settings and with the product', async () => {
    for (const name of ['k', 'queryRows', 'documentRows']) {
      await expect(topK({ queries, documents, dim, k: 1, [name]: 0 })).rejects.toThrow(
        `topK: ${name} expected a positive integer, got 0`,
      );
    }
    await expect(topK({ queries, documents, dim, k: 2 ** 30 })).rejects.toThrow(
      'got 7 queries × k = 1073741824',
    );
    const similarity = 'euclid' as 'dot';
    await expect(topK({ queries, documents, dim, k: 1, similarity })).rejects.toThrow(
      'similarity expected cosine or dot, got euclid',
    );
    await expect(topK({ queries, documents, dim, k: 1, product: () => new Float32Array(3) })).rejects.toThrow(
      'product expected 7 × 97 scores, got 3',
    );
    const product = (q: Float32Array, d: Float32Array) => blockProduct(q, d, dim).fill(Number.NaN, 100, 101);
    await expect(topK({ queries, documents, dim, k: 1, product })).rejects.toThrow(
      'query 1 and document 3 expected a finite similarity, got NaN',
    );
  });
});
