import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOfDirectory, HUB_TOKEN, type HubServer, startHubServer } from '@rag/models/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { everyKey, type KeyedRun, type KeyedRunPlaces } from '../testing/every-key.js';
import { originalData } from '../testing/original-data.js';
import { writeFiles } from '../testing/original-files.js';
import { writeDecoders } from '../testing/original-hub.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let hub: HubServer;
let runs: readonly KeyedRun[];
const at = (...names: string[]) => join(folder, ...names);
const fixture = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Trains an adapter, to go on from. */
async function adapterOf(task: string, model: string, more: object): Promise<string> {
  const output = at(`adapter-${task}`);
  const settings = {
    model_name_or_path: model,
    train_dataset: at('lists.jsonl'),
    output_dir: output,
    epochs: 1,
    threads: 1,
    use_lora: true,
    lora_rank: 4,
    ...more,
  };
  await writeFile(at('adapter.yaml'), JSON.stringify(settings));
  const { code, stdout, stderr } = await runRag('train', task, '--config', at('adapter.yaml'), '--force');
  expect(code, stderr + stdout).toBe(0);
  return join(output, 'model');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-every-key-'));
  hub = await startHubServer();
  const { model: config } = await writeTinyRun(folder);
  const data = originalData();
  await writeFiles(folder, {
    'hits.jsonl': data['example_data/grouped_reranker_train_data_listwise_label.jsonl']!,
    'lists.jsonl': data['examples/finetune/reranker/example_data/normal/examples.jsonl']!,
    'texts.jsonl': data['example_data/t2rank_100.jsonl.text.jsonl']!,
    'vectors.mmap': data['example_data/t2rank_100.embedding.conan.xiaobu.mmap']!,
    'accelerate.yaml': 'fsdp_config: {fsdp_sharding_strategy: NO_SHARD}\nmixed_precision: "no"\n',
    'deepspeed.json': '{"zero_optimization": {"stage": 1}, "scheduler": {"type": "WarmupLR"}}',
  });
  await writeTinyEmbedding(config, at('embedding'));
  await writeTinyReranker(config, at('reranker'));
  await writeTinyColbert(config, at('colbert'));
  const { answering, layerwise, embedder } = await writeDecoders(folder, { layers: 2 });
  const scalar = fixture('reranker/src/fixtures/qwen2-scalar');
  const quick = process.env.RAG_LONG === undefined;
  const adapters = quick
    ? { answering: '', embedder: '', colbert: '' }
    : {
        answering: await adapterOf('reranker', answering, {
          model_type: 'decoder',
          loss_type: 'group_softmax',
          train_group_size: 2,
        }),
        embedder: await adapterOf('embedding', embedder, {}),
        colbert: await adapterOf('colbert', at('colbert'), {}),
      };
  for (const task of ['embedding', 'colbert', 'reranker'])
    hub.add(`org/${task}`, await filesOfDirectory(at(task)), { private: true, names: ['v1'] });
  const places: KeyedRunPlaces = {
    ...{ config, answering, layerwise, embedder, scalar, adapters },
    ...{ reranker: at('reranker'), embedding: at('embedding'), colbert: at('colbert') },
    ...{ hits: at('hits.jsonl'), lists: at('lists.jsonl'), texts: at('texts.jsonl') },
    vectors: { path: at('vectors.mmap'), width: 3584 },
    ...{ accelerate: at('accelerate.yaml'), deepspeed: at('deepspeed.json') },
    hub: { token: HUB_TOKEN, cache: at('cache') },
  };
  runs = everyKey(places);
});
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSFORMERS)/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', at('home'));
});
afterEach(() => vi.unstubAllEnvs());

const named = everyKey({ hub: {}, vectors: {}, adapters: {} } as KeyedRunPlaces).map(
  ({ task, name }, i) => [`rag train ${task}: ${name}`, i] as const,
);
// What has most keys; the others where time is no matter.
const quick = named.filter(([name]) => process.env.RAG_LONG !== undefined || name.endsWith('groups of hits'));

test.each(quick)('%s', async (_, i) => {
  const { task, settings } = runs[i]!;
  const output = at(`run-${i}`);
  await writeFile(at('run.yaml'), JSON.stringify({ ...settings, output_dir: output }));
  const { code, stdout, stderr } = await runRag('train', task, '--config', at('run.yaml'), '--force');
  expect(code, stderr + stdout).toBe(0);
  expect(await readdir(join(output, 'model'))).toContain('config.json');
  const { settings: asked } = JSON.parse(await readFile(join(output, 'run.json'), 'utf8'));
  for (const key of Object.keys(settings).filter((key) => key !== 'token'))
    expect(asked).toHaveProperty([key]);
});
