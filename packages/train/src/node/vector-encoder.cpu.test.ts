import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Embedding } from '@rag/embedding';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { vectorEncoder } from './vector-encoder.js';

let folder: string;
let model: Embedding;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-vectors-'));
  const { model: config } = await writeTinyRun(folder);
  const directory = await writeTinyEmbedding(config, join(folder, 'embedding'), { query: 'query: ' });
  model = await Embedding.fromPretrained(directory, { threads: 1 });
});
afterAll(async () => {
  model.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Three windows of texts of all lengths. */
const windows = [0, 1, 2].map((w) =>
  Array.from({ length: 70 }, (_, i) => '月亮 heart 心脏 '.repeat(((i + w) * 31) % 40)),
);

test.each([[{}], [{ promptName: 'query', dim: 8, normalize: true, maxLength: 10, batchSize: 3 }]])(
  'vectors have the same bits with any number of workers: %j',
  async (options) => {
    const done: number[] = [];
    const encode = async (workers: number): Promise<Float32Array[]> => {
      const encoder = await vectorEncoder(model, 32, options, workers);
      const found: Float32Array[] = [];
      try {
        for (const [i, texts] of windows.entries()) {
          if (windows[i + 1]) encoder.prepare?.(windows[i + 1]!);
          found.push(...(await encoder.encode(texts, { onProgress: (count) => done.push(count) })));
        }
      } finally {
        await encoder.close();
      }
      return found;
    };
    const expected = await encode(0);
    expect(done.splice(0).at(-1)).toBe(70);
    for (const workers of [1, 2]) expect(await encode(workers)).toEqual(expected);
    expect(done.at(-1)).toBe(70);
  },
);

test('what was stopped while it was prepared is told when its turn comes', async () => {
  const encoder = await vectorEncoder(model, 32, {}, 1);
  encoder.prepare!(windows[0]!);
  await encoder.close();
  await expect(encoder.encode(windows[0]!, { onProgress: () => {} })).rejects.toThrow(
    'got one after dispose()',
  );
});
