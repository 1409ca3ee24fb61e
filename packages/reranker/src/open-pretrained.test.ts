import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelKindError } from '@rag/models';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openPretrained } from './open-pretrained.js';
import type { PairReranker } from './pair-reranker.js';

const root = mkdtempSync(join(tmpdir(), 'open-pretrained-'));
const reranker = join(root, 'reranker');
const embedding = join(root, 'embedding');
beforeAll(() => {
  const fixture = fileURLToPath(new URL('./fixtures/ms-marco', import.meta.url));
  for (const directory of [reranker, embedding]) {
    cpSync(fixture, directory, { recursive: true });
    rmSync(join(directory, 'golden.json'));
  }
  writeFileSync(join(embedding, 'modules.json'), JSON.stringify([{ type: 'models.Pooling', path: '1' }]));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => warn.mockClear());

/** A model that does nothing, with parameters that start from random values. */
const model = (...initialized: string[]) =>
  ({ initialized, parts: {}, dispose: vi.fn(), golden: async () => [] }) as unknown as PairReranker;

test('a directory of another task is refused before anything is opened, unless it is asked for as an encoder', async () => {
  const open = vi.fn(async () => model());
  await expect(openPretrained(embedding, {}, open)).rejects.toThrow(ModelKindError);
  await expect(openPretrained(embedding, { newHead: false }, open)).rejects.toThrow(
    'got one of task "embedding" by modules.json (models.Pooling) — open it with Embedding, or pass newHead: true',
  );
  expect(open).not.toHaveBeenCalled();
  await openPretrained(embedding, { newHead: true }, open);
  expect(open).toHaveBeenCalledOnce();
});

test('a fresh head is said, unless it was asked for', async () => {
  const fresh = async () => model('classifier.weight', 'classifier.bias');
  await openPretrained(reranker, {}, fresh);
  expect(warn.mock.calls).toEqual([
    [
      `${reranker}: expected a classification head, got none, so classifier.weight, classifier.bias start from random values — train the model before use, or pass newHead: true to say so`,
    ],
  ]);
  warn.mockClear();
  await openPretrained(reranker, { newHead: true }, fresh);
  await openPretrained(reranker, {}, async () => model());
  expect(warn).not.toHaveBeenCalled();
});

test('what was assumed is said, once the head is trained', async () => {
  const assumed = (...initialized: string[]) =>
    ({ ...model(...initialized), parts: { assumed: 'expected a template, got none' } }) as PairReranker;
  await openPretrained(reranker, { newHead: true }, async () => assumed('score.weight'));
  expect(warn).not.toHaveBeenCalled();
  await openPretrained(reranker, {}, async () => assumed());
  expect(warn.mock.calls).toEqual([[`${reranker}: expected a template, got none`]]);
});

test('a model that is not verified is disposed of', async () => {
  const opened = model();
  await expect(openPretrained(reranker, { verify: true }, async () => opened)).rejects.toThrow('golden.json');
  expect(opened.dispose).toHaveBeenCalledOnce();
});
