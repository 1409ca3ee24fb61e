import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOfDirectory, type HubServer, startHubServer } from '@rag/models/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ColBERT } from './colbert.js';

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

test.each([
  ['rag-retrieval', 'colbert_linear.pt'],
  ['pylate', '1_Dense'],
  ['colbertv2', 'artifact.metadata'],
])('a model of %s by its name on the hub, with its %s', async (name, file) => {
  const fixture = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
  const commit = hub.add('org/colbert', { ...(await filesOfDirectory(fixture)), 'README.md': 'x' });
  const options = { endpoint: hub.endpoint, cacheDir, token: false, offline: false } as const;
  const scoreOf = async (...source: Parameters<typeof ColBERT.fromPretrained>) => {
    const model = await ColBERT.fromPretrained(...source);
    const score = await model.computeScore(['the cat', 'a dog ran']);
    model.dispose();
    return score;
  };
  const expected = await scoreOf(fixture);
  expect(await scoreOf('org/colbert', options)).toBe(expected);
  expect(await scoreOf('org/colbert', { ...options, offline: true })).toBe(expected);
  const fetched = await readdir(join(cacheDir, 'models--org--colbert', 'snapshots', commit));
  expect(fetched).toContain(file);
  expect(fetched).not.toContain('README.md');
});
