import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { weightsWithin, writeAdapter } from '@rag/models/testing';
import { createSession } from '@rag/runtime';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { type Pair, Reranker } from './index.js';

vi.mock('@rag/runtime', async (original) => {
  const runtime = await original<typeof import('@rag/runtime')>();
  return { ...runtime, createSession: vi.fn(runtime.createSession) };
});
const root = mkdtempSync(join(tmpdir(), 'from-adapter-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  vi.mocked(createSession).mockClear();
});

const pairs: Pair[] = [
  ['why is the sky blue', 'Air scatters short waves of sunlight more than long ones.'],
  ['what is a cat', 'The bakery opens at seven.'],
  ['', 'ﬁne — naïve café №1'],
];
const furthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

test.each(['bge-reranker', 'gemma-yes'])(
  'an adapter over %s holds its own matrices alone, and gives what the merged model gives',
  async (name) => {
    const base = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
    const directory = join(root, name);
    const modules = await writeAdapter(directory, base, 'CAUSAL_LM');
    const model = await Reranker.fromPretrained(directory);
    const bytes = vi.mocked(createSession).mock.calls[0]![0] as Uint8Array;
    const factors = modules.flatMap((module) =>
      ['A', 'B'].map((letter) => `${module}.lora_${letter}.0.weight`),
    );
    expect(weightsWithin(bytes)).toEqual(factors.toSorted());
    const scores = await model.computeScore(pairs);
    const before = await Reranker.fromPretrained(base);
    expect(furthest(scores, await before.computeScore(pairs))).toBeGreaterThan(1e-3);
    const merged = join(root, `${name}-merged`);
    await model.savePretrained(merged, { golden: true });
    const after = await Reranker.fromPretrained(merged, { verify: true });
    expect(furthest(scores, await after.computeScore(pairs))).toBeLessThan(1e-5);
    await model.exportOnnx(merged);
    const file = await Reranker.fromPretrained(merged, { onnx: true });
    expect(furthest(scores, await file.computeScore(pairs))).toBeLessThan(1e-4);
    for (const one of [model, before, after, file]) one.dispose();
  },
);
