import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { weightsWithin, writeAdapter } from '@rag/models/testing';
import { createSession } from '@rag/runtime';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { Embedding } from './index.js';
import { largestDifference } from './testing/largest-difference.js';

vi.mock('@rag/runtime', async (original) => {
  const runtime = await original<typeof import('@rag/runtime')>();
  return { ...runtime, createSession: vi.fn(runtime.createSession) };
});
const root = mkdtempSync(join(tmpdir(), 'from-adapter-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  vi.mocked(createSession).mockClear();
});

const texts = ['why is the sky blue', 'The bakery opens at seven.', 'ﬁne — naïve café №1'];
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** Task models and bare encoders name the same weight with and without their prefix. */
const bare = (name: string) => name.replace(/^(bert|model)\./, '');

test.each(['all-minilm', 'qwen3-embedding'])(
  'an adapter over %s holds its own matrices alone, and gives what the merged model gives',
  async (name) => {
    const directory = join(root, name);
    const modules = await writeAdapter(directory, fixture(name));
    const model = await Embedding.fromPretrained(directory);
    const bytes = vi.mocked(createSession).mock.calls[0]![0] as Uint8Array;
    const factors = modules.flatMap((module) =>
      ['A', 'B'].map((letter) => `${bare(module)}.lora_${letter}.0.weight`),
    );
    expect(weightsWithin(bytes).map(bare)).toEqual(factors.toSorted());
    const vectors = await model.encode(texts);
    const before = await Embedding.fromPretrained(fixture(name));
    expect(largestDifference(vectors, await before.encode(texts))).toBeGreaterThan(1e-3);
    const merged = join(root, `${name}-merged`);
    await model.savePretrained(merged, { golden: true });
    const after = await Embedding.fromPretrained(merged, { verify: true });
    expect(largestDifference(vectors, await after.encode(texts))).toBeLessThan(1e-5);
    for (const one of [model, before, after]) one.dispose();
  },
);

test('an adapter of its checkpoint stands beside weights in place, tables and parts of packed weights too', async () => {
  cpSync(fixture('jina-v3'), join(root, 'jina-v3'), { recursive: true });
  const model = await Embedding.fromPretrained(join(root, 'jina-v3'), { task: 'separation' });
  const bytes = vi.mocked(createSession).mock.calls[0]![0] as Uint8Array;
  const within = weightsWithin(bytes);
  expect(within.filter((name) => !/\.lora_[AB]\.0\.weight$/.test(name))).toEqual([]);
  expect(within.some((name) => name.includes('word_embeddings'))).toBe(true);
  model.dispose();
});
