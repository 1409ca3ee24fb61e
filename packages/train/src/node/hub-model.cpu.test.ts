import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOfDirectory, HUB_TOKEN, type HubServer, startHubServer } from '@rag/models/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let hub: HubServer;
let tiny: TinyRun;
beforeEach(async () => {
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSFORMERS)/.test(name)) vi.stubEnv(name, undefined);
  folder = await mkdtemp(join(tmpdir(), 'hub-model-'));
  hub = await startHubServer();
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', join(folder, 'hf'));
  tiny = await writeTinyRun(folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const train = (...args: string[]) =>
  runRag('train', 'reranker', '--dataset', tiny.train, '--epochs', '1', '--threads', '1', ...args);

test('training starts from a model of the hub, with cache_dir and token, which is not written down', async () => {
  const commit = hub.add(
    'org/empty',
    { ...(await filesOfDirectory(tiny.model)), 'README.md': 'no weights' },
    { private: true, names: ['v1'] },
  );
  // Nothing starts from what main is now.
  hub.add('org/empty', { 'config.json': '{"model_type":"nothing"}' }, { private: true });
  const cache = join(folder, 'cache');
  const output = join(folder, 'first');
  const access = ['--cache_dir', cache, '--token', HUB_TOKEN];
  const start = ['--model_name_or_path', 'org/empty', '--revision', 'v1', '--init_from_config'];
  const denied = await train(...start, '--output_dir', output);
  expect(denied.code).toBe(1);
  expect(denied.stderr).toMatch(
    /^rag: org\/empty@v1: expected a model of this name, got HTTP 401 .*; nor is there a directory \S*[\\/]org[\\/]empty\n$/,
  );
  const trained = await train(...start, ...access, '--output_dir', output);
  expect(trained).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(cache)).toEqual(['models--org--empty']);
  const record = await readFile(join(output, 'run.json'), 'utf8');
  expect(JSON.parse(record)).toMatchObject({
    settings: { model_name_or_path: 'org/empty', revision: 'v1', cache_dir: cache },
    model: { commit },
  });
  hub.requests.length = 0;
  const offline = await train(
    ...start,
    '--cache_dir',
    cache,
    '--offline',
    '--output_dir',
    join(folder, 'off'),
  );
  expect(offline).toMatchObject({ code: 0, stderr: '' });
  expect(hub.requests).toEqual([]);
  expect(record + trained.stdout).not.toContain(HUB_TOKEN);

  // What came of it goes up, and is trained further and asked from there.
  hub.add('org/trained', await filesOfDirectory(join(output, 'model')));
  const further = await train('--model_name_or_path', 'org/trained', '--output_dir', join(folder, 'second'));
  expect(further).toMatchObject({ code: 0, stderr: '' });
  expect(further.stdout).toMatch(/fetching [\d.]+ kB from the hub, .* first\n/);
  expect(await readdir(join(folder, 'hf', 'hub'))).toEqual(['models--org--trained']);
  hub.requests.length = 0;
  const passages = ['--passages', tiny.val, '--field', 'query'];
  const ask = ['rerank', '--query', '心脏', ...passages, '--threads', '1'];
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  const [named, placed] = [
    await runRag(...ask, '--model', 'org/trained'),
    await runRag(...ask, '--model', join(output, 'model')),
  ];
  expect(named).toEqual(placed);
  expect(hub.requests).toEqual([]);
});
