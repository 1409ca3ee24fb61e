import { expect, test } from 'vitest';
import { resolveColbert } from './colbert-config.js';
import { resolveEmbedding } from './embedding-config.js';
import type { Presets } from './presets.js';
import { resolveReranker } from './reranker-config.js';
import { rerankerPresets } from './reranker-presets.js';
import { settingsOf, storedSettings } from './resolve.js';
import { colbertPresets, embeddingPresets } from './retrieval-presets.js';

const needed = { model_name_or_path: 'm', train_dataset: 't.jsonl' };
const extra: Readonly<Record<string, object>> = { 'distill-embedding': { train_dataset_vec: 'v.npy' } };
const tables: readonly (readonly [string, Presets, typeof resolveReranker])[] = [
  ['reranker', rerankerPresets, resolveReranker],
  ['embedding', embeddingPresets, resolveEmbedding as unknown as typeof resolveReranker],
  ['colbert', colbertPresets, resolveColbert as unknown as typeof resolveReranker],
];
const all = tables.flatMap(([task, presets, resolve]) =>
  Object.entries(presets).map(([name, preset]) => [`${task} ${name}`, name, preset, resolve] as const),
);

test.each(all)('%s gives its settings, and lies beneath what else is given', (_, name, preset, resolve) => {
  const settings = { ...needed, ...extra[name], preset: name };
  const resolved = resolve([settingsOf(settings)]);
  expect(storedSettings(resolved)).toMatchObject(preset.settings);
  expect(resolved.sources.get('epochs')).toBe(`preset ${name}`);
  const over = resolve([settingsOf(settings), settingsOf({ epochs: 7, lr: 1e-7, bf16: true })]);
  expect(over.config).toMatchObject({ epochs: 7, lr: 1e-7, bf16: true, mixedPrecision: 'no' });
});

test('adapters of a preset may be left out', () => {
  const { config } = resolveReranker([
    settingsOf({ ...needed, preset: 'flagembedding-llm-reranker', use_lora: false }),
  ]);
  expect(config.useLora).toBe(false);
});

test('a name that no preset has is refused with the nearest', () => {
  expect(() => resolveReranker([settingsOf({ ...needed, preset: 'bert-rerankr' })])).toThrow(
    /"preset" expected one of bert-reranker, .*got "bert-rerankr" — did you mean "bert-reranker"\?$/,
  );
});
