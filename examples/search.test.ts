import type { Embedding } from '@rag/embedding';
import { expect, it } from 'vitest';
import { heldOutPassages, search } from './search.js';

it('finds the nearest passages, best first', async () => {
  const vectors: Record<string, number[]> = { q: [1, 0], far: [-1, 0], near: [0.8, 0.6], beside: [0, 1] };
  const vector = (text: string) => Float32Array.from(vectors[text]!);
  const model = {
    encodeQueries: async (text: string) => vector(text),
    encodePassages: async (texts: readonly string[]) => texts.map(vector),
  } as unknown as Embedding;
  const found = await search(model, 'q', ['far', 'near', 'beside'], 2);
  expect(found.map(({ text, score }) => [text, score.toFixed(2)])).toEqual([
    ['near', '0.80'],
    ['beside', '0.00'],
  ]);
});

it('searches every held-out passage once', () => {
  const passages = heldOutPassages();
  expect(passages).toHaveLength(87);
  expect(new Set(passages).size).toBe(87);
});
