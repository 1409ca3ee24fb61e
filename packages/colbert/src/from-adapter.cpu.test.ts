import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { weightsWithin, writeAdapter } from '@rag/models/testing';
import { createSession } from '@rag/runtime';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { ColBERT } from './index.js';
import { fixtureDirectory } from './testing/open-fixture.js';

vi.mock('@rag/runtime', async (original) => {
  const runtime = await original<typeof import('@rag/runtime')>();
  return { ...runtime, createSession: vi.fn(runtime.createSession) };
});
const root = mkdtempSync(join(tmpdir(), 'from-adapter-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  vi.mocked(createSession).mockClear();
});

const pairs = [
  ['why is the sky blue', 'Air scatters short waves of sunlight more than long ones.'],
  ['what is a cat', 'The bakery opens at seven.'],
] as const;
const furthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

/** Task models and bare encoders name the same weight with and without their prefix. */
const bare = (name: string) => name.replace(/^(bert|model)\./, '');

test.each(['colbertv2'] as const)(
  'an adapter over %s holds its own matrices and the projection alone, and gives what the merged model gives',
  async (name) => {
    const directory = join(root, name);
    const modules = await writeAdapter(directory, fixtureDirectory(name));
    const model = await ColBERT.fromPretrained(directory);
    const bytes = vi.mocked(createSession).mock.calls[0]![0] as Uint8Array;
    const factors = modules.flatMap((module) =>
      ['A', 'B'].map((letter) => `${bare(module)}.lora_${letter}.0.weight`),
    );
    const within = weightsWithin(bytes).filter((weight) => !/(^|\.)linear\./.test(weight));
    expect(within.map(bare)).toEqual(factors.toSorted());
    const scores = await model.computeScore(pairs);
    const before = await ColBERT.fromPretrained(fixtureDirectory(name));
    expect(furthest(scores, await before.computeScore(pairs))).toBeGreaterThan(1e-3);
    const merged = join(root, `${name}-merged`);
    await model.savePretrained(merged, { golden: true });
    const after = await ColBERT.fromPretrained(merged, { verify: true });
    expect(furthest(scores, await after.computeScore(pairs))).toBeLessThan(1e-4);
    for (const one of [model, before, after]) one.dispose();
  },
);
