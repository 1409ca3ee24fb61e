import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOfDirectory, type HubServer, startHubServer } from '@rag/models/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Embedding } from './embedding.js';

let cacheDir: string;
let hub: HubServer;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'from-hub-'));
  hub = await startHubServer();
});
afterEach(async () => {
  await hub.close();
  await rm(cacheDir, { recursive: true, force: true });
});

test('a sentence-transformers model by its name on the hub, with the folders of its modules', async () => {
  const fixture = fileURLToPath(new URL('./fixtures/dense-tanh', import.meta.url));
  const commit = hub.add('org/embedding', { ...(await filesOfDirectory(fixture)), 'onnx/model.onnx': 'x' });
  const options = { endpoint: hub.endpoint, cacheDir, token: false, offline: false } as const;
  const vectorOf = async (...source: Parameters<typeof Embedding.fromPretrained>) => {
    const model = await Embedding.fromPretrained(...source);
    const vector = await model.encode('the cat');
    model.dispose();
    return vector;
  };
  const expected = await vectorOf(fixture);
  expect(await vectorOf('org/embedding', options)).toEqual(expected);
  expect(await vectorOf('org/embedding', { ...options, offline: true })).toEqual(expected);
  const snapshot = join(cacheDir, 'models--org--embedding', 'snapshots', commit);
  const fetched = await readdir(snapshot);
  expect(fetched).toEqual(expect.arrayContaining(['1_Pooling', '2_Dense', '3_Dense', 'modules.json']));
  expect(fetched).not.toContain('onnx');
});
