import { memorySource, openCheckpoint } from '@rag/models';
import { expect, test } from 'vitest';
import { Embedding } from './embedding.js';
import golden from './fixtures/e5/golden.json' with { type: 'json' };

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));

test('gives the vectors of the original, from a URL, and files that open to the same ones', async () => {
  const model = await Embedding.fromPretrained('/packages/embedding/src/fixtures/e5/', { provider: 'wasm' });
  const vectors = await model.encode(golden.texts);
  for (const [i, vector] of vectors.entries())
    expect(distance(vector, golden.runs[0]!.vectors[i]!), golden.texts[i]).toBeLessThan(1e-4);
  const bytes: Record<string, Uint8Array> = {};
  for (const [path, blob] of await model.files()) bytes[path] = new Uint8Array(await blob.arrayBuffer());
  model.dispose();
  const again = await Embedding.fromCheckpoint(await openCheckpoint(memorySource(bytes)), {
    provider: 'wasm',
  });
  expect(await again.encode(golden.texts)).toEqual(vectors);
  again.dispose();
});
