import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { CrossEncoder, LLMDecoder, YesNoReranker } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyColbert, writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { openAnyModel } from './open-any-model.js';

let folder: string;
const at = (name: string) => join(folder, name);
const published = (name: string) =>
  fileURLToPath(new URL(`../../../reranker/src/fixtures/${name}`, import.meta.url));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-any-'));
  const { model } = await writeTinyRun(folder);
  // Names that say nothing.
  await writeTinyReranker(model, at('a'));
  await writeTinyEmbedding(model, at('b'));
  await writeTinyColbert(model, at('c'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tasks = ['reranker', 'embedding', 'colbert'] as const;

test('each model opens as what its files say, in the class of its kind', async () => {
  const ways = [
    [at('a'), 'reranker', CrossEncoder],
    [at('b'), 'embedding', Embedding],
    [at('c'), 'colbert', ColBERT],
    [published('qwen2-scalar'), 'reranker', LLMDecoder],
    [published('gemma-yes'), 'reranker', YesNoReranker],
    [published('qwen3-logit-score'), 'reranker', YesNoReranker],
  ] as const;
  const fingerprints = new Set<string>();
  for (const [directory, task, kind] of ways) {
    const opened = await openAnyModel(directory, tasks, { hub: {}, threads: 1 });
    expect(opened.task).toBe(task);
    expect(opened.model).toBeInstanceOf(kind);
    fingerprints.add(await opened.fingerprint());
    opened.model.dispose();
  }
  expect(fingerprints.size).toBe(ways.length);
});

test('a kind that is not wanted is refused with what the files say', async () => {
  await expect(openAnyModel(at('a'), ['embedding', 'colbert'], { hub: {} })).rejects.toThrow(
    'expected an embedding model or a ColBERT model, got one of the task reranker, by "architectures" of config.json',
  );
  await expect(openAnyModel(at('b'), ['reranker'], { hub: {} })).rejects.toThrow(
    'got one of the task embedding',
  );
  await expect(openAnyModel(published('gemma-yes'), ['embedding'], { hub: {} })).rejects.toThrow(
    'expected an embedding model, got one of the task encoder, by "architectures" of config.json (GemmaForCausalLM) — pass --pooling to take it as an embedding model',
  );
});
