import { memorySource, openCheckpoint } from '@rag/models';
import { expect, test } from 'vitest';
import { ColBERT } from './colbert.js';
import pylate from './fixtures/pylate/golden.json' with { type: 'json' };
import original from './fixtures/rag-retrieval/golden.json' with { type: 'json' };

test.each([
  ['pylate', pylate, {}],
  [
    'rag-retrieval',
    original,
    { queryLength: original.lengths.query, passageLength: original.lengths.passage },
  ],
] as const)(
  '%s gives the scores of the original, from a URL, and files that open to the same ones',
  async (name, golden, lengths) => {
    const model = await ColBERT.fromPretrained(`/packages/colbert/src/fixtures/${name}/`, {
      provider: 'wasm',
    });
    const pairs = golden.queries.flatMap((query) => golden.passages.map((passage) => [query, passage]));
    const scores = await model.computeScore(pairs, lengths);
    for (const [i, expected] of golden.scores.flat().entries())
      expect(Math.abs(scores[i]! - expected), `pair ${i}`).toBeLessThan(1e-4);
    const bytes: Record<string, Uint8Array> = {};
    for (const [path, blob] of await model.files()) bytes[path] = new Uint8Array(await blob.arrayBuffer());
    model.dispose();
    const again = await ColBERT.fromCheckpoint(await openCheckpoint(memorySource(bytes)), {
      provider: 'wasm',
    });
    expect(await again.computeScore(pairs, lengths)).toEqual(scores);
    again.dispose();
  },
);
