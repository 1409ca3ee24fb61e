import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeFiles } from '../node/node-files.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';
import { openStartingModel } from './starting-model.js';

let folder: string;
let val: string;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-models-'));
  const tiny = await writeTinyRun(folder);
  val = tiny.val;
  await writeTinyEmbedding(tiny.model, at('embedding'));
  await writeTinyColbert(tiny.model, at('colbert'));
  const start = { modelNameOrPath: tiny.model, initFromConfig: true, seed: 3 };
  const { model } = await openStartingModel(nodeFiles, start, { threads: 1 });
  await model.savePretrained(at('reranker'));
  model.dispose();
  await cp(at('embedding'), at('bare'), { recursive: true });
  for (const name of ['modules.json', 'config_sentence_transformers.json', '1_Pooling'])
    await rm(at('bare', name), { recursive: true, force: true });
  await cp(at('reranker'), at('broken'), { recursive: true });
  await writeFile(at('broken', 'config.json'), '{"model_type":');
  await writeFile(at('texts.txt'), '心脏\nmoon\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const commands = (): Record<string, string[]> => ({
  rerank: ['rerank', '--query', 'q', '--passages', at('texts.txt')],
  'eval reranker': ['eval', 'reranker', '--dataset', val],
  'eval embedding': ['eval', 'embedding', '--dataset', exampleData('triplet.jsonl'), '--bm25', 'false'],
  'eval colbert': ['eval', 'colbert', '--dataset', exampleData('triplet.jsonl'), '--bm25', 'false'],
  encode: ['encode', '--input', at('texts.txt'), '--output', at('v.npy')],
});
const run = async (command: string, model: string, ...flags: string[]) =>
  (await runRag(...commands()[command]!, '--model', at(model), ...flags)).stderr;

test.each([
  ['rerank', 'embedding', 'expected a model for CrossEncoder, got one of task "embedding" by'],
  ['rerank', 'bare', 'expected a trained model, got one without bert.pooler.dense.weight, '],
  ['rerank', 'broken', 'config.json: expected JSON, got "{\\"model_type\\":"'],
  ['rerank', 'tiny-bert', 'model.safetensors: expected one of'],
  ['eval reranker', 'colbert', 'got one of task "colbert" by'],
  ['eval embedding', 'reranker', 'expected a model for Embedding, got one of task "reranker" by'],
  ['eval embedding', 'broken', 'config.json: expected JSON'],
  ['eval colbert', 'bare', 'checkpoint: expected a projection (colbert_linear.pt,'],
  ['eval colbert', 'embedding', 'expected a model for ColBERT, got one of task "embedding" by'],
  ['encode', 'reranker', 'got one of task "reranker" by'],
  ['encode', 'none', 'expected a model directory or the name of a model of the hub'],
])(
  'rag %s of the model %s names the model, and nothing that only code can do',
  async (command, model, said) => {
    const stderr = await run(command, model);
    expect(stderr).toMatch(/^rag: [^\n]*\n$/);
    expect(stderr).toContain(at(model));
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/newHead|colbertDim|freshDim|allowUnexpected/);
  },
);

test.each([
  ['rerank', 'reranker', '--max_len'],
  ['eval reranker', 'reranker', '--max_len'],
  ['eval embedding', 'embedding', '--query_max_len'],
  ['eval embedding', 'embedding', '--passage_max_len'],
  ['eval colbert', 'colbert', '--query_max_len'],
  ['eval colbert', 'colbert', '--passage_max_len'],
  ['encode', 'embedding', '--max_len'],
])('rag %s %s: %s beyond the model is refused under this name', async (command, model, flag) => {
  expect(await run(command, model, flag, '600')).toMatch(
    new RegExp(
      `^rag: ${flag}: expected .* to 64 \\(the model's positions\\), got 600 — (leave it out, or )?choose one of these\\n$`,
    ),
  );
});

test('what a model does not take besides', async () => {
  expect(await run('eval embedding', 'embedding', '--dim', '33')).toMatch(/^rag: --dim: expected .* got 33/);
  expect(await run('encode', 'embedding', '--pooling', 'cls')).toMatch(
    /^rag: --pooling: expected none for a directory with modules\.json, which states it, got cls/,
  );
});
