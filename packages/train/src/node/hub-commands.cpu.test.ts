import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOfDirectory, HUB_TOKEN, type HubServer, startHubServer } from '@rag/models/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openStartingModel } from '../recipes/starting-model.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';
import { nodeFiles } from './node-files.js';

let folder: string;
let hub: HubServer;
let val: string;
const at = (...names: string[]) => join(folder, ...names);
const rows = exampleData('triplet.jsonl');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-hub-'));
  hub = await startHubServer();
  const tiny = await writeTinyRun(folder);
  val = tiny.val;
  await writeTinyEmbedding(tiny.model, at('embedding'));
  await writeTinyColbert(tiny.model, at('colbert'));
  const start = { modelNameOrPath: tiny.model, initFromConfig: true, seed: 3 };
  const { model } = await openStartingModel(nodeFiles, start, { threads: 1 });
  await model.savePretrained(at('reranker'));
  model.dispose();
  await writeFile(at('texts.txt'), '心脏\nmoon\n');
  for (const task of ['embedding', 'colbert', 'reranker']) {
    const files = await filesOfDirectory(at(task));
    hub.add(`org/${task}`, files, { private: true, names: ['v1'] });
    // What main is now no class opens: a command that reads it has not heard of the revision.
    hub.add(`org/${task}`, { 'config.json': '{"model_type":"nothing"}' }, { private: true });
  }
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

const commands: [string, string, () => string[]][] = [
  ['rerank', 'reranker', () => ['--query', 'q', '--passages', at('texts.txt'), '--model']],
  ['eval reranker', 'reranker', () => ['--dataset', val, '--model']],
  ['eval embedding', 'embedding', () => ['--dataset', rows, '--bm25', 'false', '--model']],
  ['eval colbert', 'colbert', () => ['--dataset', rows, '--bm25', 'false', '--model']],
  [
    'encode',
    'embedding',
    () => ['--input', at('texts.txt'), '--output', at('v.npy'), '--overwrite', '--model'],
  ],
  ['export', 'embedding', () => ['--output', at('exported'), '--model']],
  ['inspect', 'reranker', () => []],
  ['mix', 'reranker', () => ['--weights', '1,0', '--output', at('mix'), '--models', at('reranker')]],
];

test.each(commands)('rag %s: revision, token, cache and offline of the hub', async (command, task, flags) => {
  const cache = at(`cache-${command.replace(' ', '-')}`);
  const run = (...more: string[]) =>
    runRag(...command.split(' '), ...flags(), `org/${task}`, '--cache_dir', cache, ...more);
  const denied = await run('--revision', 'v1');
  expect(denied.code).toBe(1);
  expect(denied.stderr).toMatch(/^rag: org\/\w+@v1: expected a model of this name, got HTTP 401 /);
  const unknown = await run('--token', HUB_TOKEN, '--revision', 'v9');
  expect(unknown.stderr).toContain(`org/${task}@v9: expected a revision of this name`);
  const found = await run('--token', HUB_TOKEN, '--revision', 'v1');
  expect(found.code).toBe(0);
  if (command !== 'inspect') expect(found.stderr).toMatch(/^fetching [\d.]+ kB from the hub, .* first\n/);
  expect(await readdir(cache)).toEqual([`models--org--${task}`]);
  hub.requests.length = 0;
  const again = await run('--offline', '--revision', 'v1');
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(hub.requests).toEqual([]);
  for (const { stdout, stderr } of [denied, unknown, found, again])
    expect(stdout + stderr).not.toContain(HUB_TOKEN);
});

test('what is no revision and no token is said under its flag, the token unseen', async () => {
  const inspect = (...flags: string[]) => runRag('inspect', 'org/reranker', ...flags);
  expect((await inspect('--revision', '../x')).stderr).toMatch(
    /^rag: --revision: expected a branch, a tag or a commit, got "\.\.\/x"/,
  );
  expect((await runRag('inspect', at('reranker'), '--revision', 'v1')).stderr).toMatch(
    /^rag: --revision: expected a model of the hub, got "v1" of the directory /,
  );
  const odd = await inspect('--verbose', '--token', 'hf_geheim\n2');
  expect(odd.stderr).toMatch(/^rag: --token: expected visible ASCII characters alone/);
  expect(odd.stderr).not.toContain('geheim');
  vi.stubEnv('HF_TOKEN', 'hf_geheim\n2');
  const fromVariable = (await inspect()).stderr;
  expect(fromVariable).toContain('— correct it, HF_TOKEN or the file of `hf auth login`\n');
  expect(fromVariable).not.toContain('geheim');
});

test('rag export asks once what main is, since it may move in between', async () => {
  hub.add('org/moving', await filesOfDirectory(at('embedding')));
  hub.requests.length = 0;
  const flags = ['--output', at('moved'), '--cache_dir', at('cache-moving')];
  expect(await runRag('export', '--model', 'org/moving', ...flags)).toMatchObject({ code: 0 });
  expect(hub.lines(/\/main\b/)).toEqual(['GET hub /api/models/org/moving/revision/main']);
});
