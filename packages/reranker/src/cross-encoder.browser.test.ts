import { memorySource, openCheckpoint } from '@rag/models';
import { expect, test } from 'vitest';
import { CrossEncoder } from './cross-encoder.js';
import golden from './fixtures/ms-marco/golden.json' with { type: 'json' };

const url = '/packages/reranker/src/fixtures/ms-marco/';
const open = () => CrossEncoder.fromPretrained(url, { provider: 'wasm' });

test('scores as the original does, from a URL', async () => {
  const progress: string[] = [];
  const model = await CrossEncoder.fromPretrained(url, {
    provider: 'wasm',
    onProgress: ({ path }) => void progress.push(path),
  });
  expect(progress).toContain('model.safetensors');
  const scores = await model.computeScore(golden.pairs, { maxLength: golden.max_length });
  for (const [i, score] of scores.entries())
    expect(Math.abs(score - golden.logits[i]!), `pair ${i}`).toBeLessThan(1e-4);
  const ranked = await model.rerank('why', ['the moon', 'a cat']);
  expect(ranked.map(({ index }) => index).toSorted()).toEqual([0, 1]);
  model.dispose();
});

test('gives files that open to the same scores', async () => {
  const model = await open();
  const scores = await model.computeScore(golden.pairs);
  const bytes: Record<string, Uint8Array> = {};
  for (const [path, blob] of await model.files({ golden: true }))
    bytes[path] = new Uint8Array(await blob.arrayBuffer());
  model.dispose();
  expect(Object.keys(bytes).toSorted()).toEqual([
    'README.md',
    'config.json',
    'golden.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  const again = await CrossEncoder.fromCheckpoint(await openCheckpoint(memorySource(bytes)), {
    provider: 'wasm',
  });
  expect(await again.computeScore(golden.pairs)).toEqual(scores);
  again.dispose();
});

test('what a page lacks is said', async () => {
  await expect(CrossEncoder.fromPretrained(url)).rejects.toThrow(
    "expected a provider that a page has, got 'cpu' — use 'webgpu' or 'wasm'",
  );
  await expect(CrossEncoder.fromPretrained('/nothing/', { provider: 'wasm' })).rejects.toThrow('config.json');
  const model = await open();
  await expect(model.savePretrained('here')).rejects.toThrow(
    'saveCheckpoint: expected Node, got a page, which has no directories — take the files in memory',
  );
  await expect(model.exportOnnx('here')).rejects.toThrow('writeOnnx: expected Node, got a page');
  model.dispose();
});
