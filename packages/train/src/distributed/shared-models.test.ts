import type { Embedding } from '@rag/embedding';
import type { Reranker } from '@rag/reranker';
import { loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import { sharedEmbedding, sharedReranker } from './shared-models.js';

test('pairs are scored by two ranks, each its part', async () => {
  const scored: string[] = [];
  const pairs = ['a', 'b', 'c'].map((text) => ['query', text] as const);
  const scores = await Promise.all(
    loopback(2).map((collective) => {
      const model = {
        computeScore: async (part: readonly (readonly string[])[]) => {
          scored.push(`${collective.rank}: ${part.map(([, text]) => text)}`);
          return part.map(([, text]) => text!.charCodeAt(0) / 3);
        },
      } as unknown as Reranker;
      return sharedReranker(model, collective).computeScore(pairs);
    }),
  );
  expect(scored.sort()).toEqual(['0: a', '1: b,c']);
  for (const all of scores) expect(all).toEqual([97 / 3, 98 / 3, 99 / 3]);
});

test('texts are encoded by two ranks, and the model is itself in all else', async () => {
  const vectors = await Promise.all(
    loopback(2).map(async (collective) => {
      const model = {
        width: 2,
        get dimension(): number {
          return (this as unknown as { width: number }).width;
        },
        encode: async (texts: readonly string[], { dim }: { dim: number }) =>
          texts.map((text) => Float32Array.of(text.length, collective.rank).slice(0, dim)),
      } as unknown as Embedding;
      const shared = sharedEmbedding(model, collective);
      expect(shared.dimension).toBe(2);
      return shared.encode(['a', 'bb'], { dim: 2 });
    }),
  );
  for (const all of vectors) expect(all).toEqual([Float32Array.of(1, 0), Float32Array.of(2, 1)]);
});
