import { type Session, Tensor } from '@rag/runtime';
import { expect, test, vi } from 'vitest';
import { encodeSequences } from './encode-sequences.js';
import type { TokenSequence } from './text-encoder.js';

const sequence = (ids: number[], scored = ids.map(() => 1)): TokenSequence => ({
  input_ids: ids,
  token_type_ids: ids.map(() => 0),
  attention: ids.map(() => 1),
  scored,
});

/** A model whose vector of a token is [id, 10·id]. */
const echo = {
  run: vi.fn(async (feeds: Readonly<Record<string, Tensor>>) => {
    const ids = Array.from(feeds.input_ids!.data as BigInt64Array, Number);
    const data = Float32Array.from(ids.flatMap((id) => [id, 10 * id]));
    return { vectors: new Tensor('float32', [ids.length, 2], data) };
  }),
} as unknown as Session & { run: ReturnType<typeof vi.fn> };
const limits = { padId: 0, batchSize: 2, maxTokens: 64 };

test('vectors come in the order of the texts, each its own array, without the tokens that do not count', async () => {
  const onProgress = vi.fn();
  const sequences = [sequence([7]), sequence([1, 2, 3], [0, 1, 1]), sequence([4, 5], [1, 0])];
  const found = await encodeSequences(echo, sequences, { ...limits, onProgress });
  expect(found).toEqual([
    { data: Float32Array.of(7, 70), tokens: 1, dim: 2 },
    { data: Float32Array.of(2, 20, 3, 30), tokens: 2, dim: 2 },
    { data: Float32Array.of(4, 40), tokens: 1, dim: 2 },
  ]);
  expect(new Set(found.map(({ data }) => data.buffer)).size).toBe(3);
  expect(onProgress.mock.calls).toEqual([
    [2, 3],
    [3, 3],
  ]);
  const [kept] = await encodeSequences(echo, sequences.slice(1, 2), {
    ...limits,
    keep: (_, column) => column > 1,
  });
  expect(kept!.data).toEqual(Float32Array.of(3, 30));
  expect(await encodeSequences(echo, [], limits)).toEqual([]);
});

test('an abort between batches, a number that is none', async () => {
  const controller = new AbortController();
  const three = [sequence([1]), sequence([2]), sequence([3])];
  const stopped = encodeSequences(echo, three, {
    ...limits,
    batchSize: 1,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  });
  await expect(stopped).rejects.toThrow('enough');
  echo.run.mockResolvedValueOnce({
    vectors: new Tensor('float32', [64, 1], new Float32Array(64).fill(Number.NaN)),
  });
  await expect(encodeSequences(echo, [sequence([1])], limits)).rejects.toThrow(
    "vectors: expected finite numbers, got NaN for text 0 — check the model's weights",
  );
});
